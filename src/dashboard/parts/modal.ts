import type { RefObject } from 'preact';
import { useLayoutEffect } from 'preact/hooks';

/** Opens a dialog over the page for as long as it is rendered, and then gives the focus back to where it was. */
export function useModal(dialog: RefObject<HTMLDialogElement | null>): void {
  useLayoutEffect(() => {
    const before = document.activeElement;
    const { current: element } = dialog;
    element?.showModal();
    return () => {
      // While it is open, nothing else can have the focus.
      element?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
}
