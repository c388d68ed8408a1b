import type { ComponentChildren, TargetedSubmitEvent, VNode } from 'preact';
import { Dialog } from './dialog.js';
import { Notice } from './notice.js';
import { useSubmit } from './submit.js';

interface FormDialogProps {
  readonly title: string;
  /** On the button that does it. */
  readonly does: string;
  /** On the button that does nothing. Default: Cancel. */
  readonly keeps?: string;
  /** It cannot be taken back: the button says so by its colour, and the other one has the focus. */
  readonly final?: boolean;
  /** Makes the request. If it rejects, the dialog shows why and stays. */
  readonly onSubmit: (data: FormData) => Promise<void>;
  readonly onClose: () => void;
  /** The fields. */
  readonly children: ComponentChildren;
}

/** A form in a dialog, with the problem of its last request, if any, above its buttons. */
export function FormDialog(props: FormDialogProps): VNode {
  const { title, does, keeps = 'Cancel', final = false, onSubmit, onClose, children } = props;
  const { busy, problem, run } = useSubmit();
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        onSubmit={(event: TargetedSubmitEvent<HTMLFormElement>) => {
          event.preventDefault();
          const data = new FormData(event.currentTarget);
          void run(() => onSubmit(data));
        }}
      >
        {children}
        {problem !== null && <Notice kind="bad" title={problem} />}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose} autofocus={final}>
            {keeps}
          </button>
          <button type="submit" class={final ? 'button button-bad' : 'button button-main'} disabled={busy}>
            {does}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
