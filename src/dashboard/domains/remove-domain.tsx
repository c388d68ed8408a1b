import type { VNode } from 'preact';
import { request } from '../api/request.js';
import { FormDialog } from '../parts/form-dialog.js';
import { formText } from '../parts/form-text.js';
import { toast } from '../parts/toasts.js';
import { go } from '../router/location.js';
import { domainPath } from './domain-api.js';

interface RemoveDomainProps {
  readonly name: string;
  readonly onClose: () => void;
}

/** Asks what becomes of mail that waits, and removes the domain. */
export function RemoveDomain({ name, onClose }: RemoveDomainProps): VNode {
  return (
    <FormDialog
      title={`Remove ${name}?`}
      does="Remove it"
      keeps="Keep the domain"
      final
      onSubmit={async (data) => {
        await request('DELETE', domainPath(name), { query: { waiting: formText(data, 'waiting') } });
        toast({ text: `${name} was removed` });
        go('/domains');
      }}
      onClose={onClose}
    >
      <p>Its API token stops working at once, and so do its sessions. Its messages stay in the list.</p>
      <fieldset class="choices">
        <legend>Messages that wait</legend>
        <label>
          <input type="radio" name="waiting" value="keep" checked /> are still delivered
        </label>
        <label>
          <input type="radio" name="waiting" value="cancel" /> are cancelled
        </label>
      </fieldset>
    </FormDialog>
  );
}
