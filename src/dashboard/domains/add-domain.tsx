import type { VNode } from 'preact';
import type { AddedDomain } from '../../api/schemas/domains.js';
import { request } from '../api/request.js';
import { FormDialog } from '../parts/form-dialog.js';
import { formText } from '../parts/form-text.js';
import { go } from '../router/location.js';
import { domainUrl } from './domain-api.js';
import { keepToken } from './new-tokens.js';

/** Adds a domain, and shows its token on its page. */
export function AddDomain({ onClose }: { readonly onClose: () => void }): VNode {
  return (
    <FormDialog title="Add a domain" does="Add the domain" onSubmit={add} onClose={onClose}>
      <div class="field">
        <label for="domain-name">Name</label>
        <input
          id="domain-name"
          class="input"
          name="name"
          placeholder="example.org"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          maxLength={256}
          required
          autofocus
        />
        <p class="soft small">Apps send from addresses of exactly this domain.</p>
      </div>
    </FormDialog>
  );
}

async function add(data: FormData): Promise<void> {
  const { domain, token } = await request<AddedDomain>('POST', '/api/v1/domains', {
    body: { name: formText(data, 'name') },
  });
  keepToken(domain.name, token);
  // In place of the dialog, so that the way back leads to the list.
  go(domainUrl(domain.name), { replace: true });
}
