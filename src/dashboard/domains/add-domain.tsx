import type { VNode } from 'preact';
import type { AddedDomain } from '../../api/schemas/domains.js';
import { request } from '../api/request.js';
import { Field } from '../parts/field.js';
import { FormDialog } from '../parts/form-dialog.js';
import { formText } from '../parts/form-text.js';
import { go } from '../router/location.js';
import { domainUrl } from './domain-api.js';
import { keepToken } from './new-tokens.js';

/** Adds a domain, and shows its token on its page. */
export function AddDomain({ onClose }: { readonly onClose: () => void }): VNode {
  return (
    <FormDialog title="Add a domain" does="Add the domain" onSubmit={add} onClose={onClose}>
      <Field
        id="domain-name"
        label="Name"
        name="name"
        placeholder="example.org"
        autocomplete="off"
        literal
        maxLength={256}
        required
        autofocus
        hint="Apps send from addresses of exactly this domain."
      />
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
