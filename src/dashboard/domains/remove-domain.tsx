import type { TargetedSubmitEvent, VNode } from 'preact';
import { request } from '../api/request.js';
import { Dialog } from '../parts/dialog.js';
import { formText } from '../parts/form-text.js';
import { Notice } from '../parts/notice.js';
import { useSubmit } from '../parts/submit.js';
import { toast } from '../parts/toasts.js';
import { go } from '../router/location.js';
import { domainPath } from './domain-api.js';

/** Asks what becomes of mail that waits, and removes the domain. */
export function RemoveDomain({
  name,
  onClose,
}: {
  readonly name: string;
  readonly onClose: () => void;
}): VNode {
  const { busy, problem, run } = useSubmit();
  return (
    <Dialog title={`Remove ${name}?`} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
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
        {problem !== null && <Notice kind="bad" title={problem} />}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose} autofocus>
            Keep the domain
          </button>
          <button type="submit" class="button button-bad" disabled={busy}>
            Remove it
          </button>
        </div>
      </form>
    </Dialog>
  );

  async function submit(event: TargetedSubmitEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const waiting = formText(new FormData(event.currentTarget), 'waiting');
    await run(async () => {
      await request('DELETE', domainPath(name), { query: { waiting } });
      toast({ text: `${name} was removed` });
      go('/domains');
    });
  }
}
