import type { TargetedSubmitEvent, VNode } from 'preact';
import type { AddedDomain } from '../../api/schemas/domains.js';
import { request } from '../api/request.js';
import { Dialog } from '../parts/dialog.js';
import { formText } from '../parts/form-text.js';
import { Notice } from '../parts/notice.js';
import { useSubmit } from '../parts/submit.js';
import { go } from '../router/location.js';
import { domainUrl } from './domain-api.js';
import { keepToken } from './new-tokens.js';

/** Adds a domain, and shows its token on its page. */
export function AddDomain({ onClose }: { readonly onClose: () => void }): VNode {
  const { busy, problem, run } = useSubmit();
  return (
    <Dialog title="Add a domain" onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
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
        {problem !== null && <Notice kind="bad" title={problem} />}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button button-main" disabled={busy}>
            Add the domain
          </button>
        </div>
      </form>
    </Dialog>
  );

  async function submit(event: TargetedSubmitEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const name = formText(new FormData(event.currentTarget), 'name');
    await run(async () => {
      const { domain, token } = await request<AddedDomain>('POST', '/api/v1/domains', {
        body: { name },
      });
      keepToken(domain.name, token);
      go(domainUrl(domain.name));
    });
  }
}
