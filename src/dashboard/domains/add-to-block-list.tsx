import type { TargetedSubmitEvent, VNode } from 'preact';
import { request } from '../api/request.js';
import { formText } from '../parts/form-text.js';
import { Notice } from '../parts/notice.js';
import { useSubmit } from '../parts/submit.js';
import { domainPath } from './domain-api.js';

const DAY = 24 * 3_600_000;

interface AddToBlockListProps {
  readonly name: string;
  readonly onAdded: () => void;
}

/** Blocks or allows addresses: one, or several with spaces or commas between them. */
export function AddToBlockList({ name, onAdded }: AddToBlockListProps): VNode {
  const { busy, problem, run } = useSubmit();
  return (
    <form class="card" onSubmit={(event) => void submit(event)}>
      <div class="form-row">
        <div class="field grow">
          <label for="addresses">Addresses</label>
          <input
            id="addresses"
            class="input"
            name="addresses"
            placeholder="anna@example.net, bo@example.net"
            autocomplete="off"
            spellcheck={false}
            required
          />
        </div>
        <div class="field grow">
          <label for="reason">Reason</label>
          <input id="reason" class="input" name="reason" maxLength={256} autocomplete="off" />
        </div>
        <div class="field">
          <label for="until">For</label>
          <select id="until" class="input" name="days">
            <option value="">ever</option>
            <option value="1">a day</option>
            <option value="7">a week</option>
            <option value="30">30 days</option>
          </select>
        </div>
        <button type="submit" class="button" name="verdict" value="blocked" disabled={busy}>
          Block
        </button>
        <button type="submit" class="button" name="verdict" value="allowed" disabled={busy}>
          Allow
        </button>
      </div>
      {problem !== null && <Notice kind="bad" title={problem} />}
    </form>
  );

  async function submit(event: TargetedSubmitEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const { currentTarget: form } = event;
    const given = new FormData(form, event.submitter);
    const text = (field: string): string => formText(given, field);
    const days = Number(text('days'));
    const common = {
      verdict: text('verdict'),
      ...(text('reason') === '' ? {} : { reason: text('reason') }),
      expiresAt: days === 0 ? null : new Date(Date.now() + days * DAY).toISOString(),
    };
    const addresses = text('addresses')
      .split(/[\s,;]+/)
      .filter((address) => address !== '');
    const added = await run(async () => {
      await request('POST', domainPath(name, '/block-list'), {
        body: { entries: addresses.map((address) => ({ address, ...common })) },
      });
    });
    if (!added) return;
    form.reset();
    onAdded();
  }
}
