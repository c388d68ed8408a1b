import './dialog.css';
import type { ComponentChildren, VNode } from 'preact';
import { useRef } from 'preact/hooks';
import { Icon } from './icon.js';
import { useModal } from './modal.js';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  /** Fields and texts that need more room. */
  readonly wide?: boolean;
}

/** A dialog over the page. It is there for as long as it is rendered. */
export function Dialog({ title, onClose, children, wide }: DialogProps): VNode {
  const dialog = useRef<HTMLDialogElement>(null);
  useModal(dialog);
  return (
    <dialog
      ref={dialog}
      class={wide === true ? 'dialog dialog-wide' : 'dialog'}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => {
        // A click beside the dialog is one on its backdrop, which is the element itself.
        if (event.target === dialog.current) onClose();
      }}
    >
      <div class="dialog-body">
        <header>
          <h2>{title}</h2>
          <button type="button" class="button button-plain button-icon" aria-label="Close" onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
