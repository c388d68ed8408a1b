import './palette.css';
import { useSignal } from '@preact/signals';
import type { TargetedKeyboardEvent, VNode } from 'preact';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { WhoAmI } from '../../../api/schemas/session.js';
import { Icon } from '../../parts/icon.js';
import { useModal } from '../../parts/modal.js';
import { KeyNames } from '../key-names.js';
import { keysInForce } from '../keys.js';
import { type Command, commandsFor, matching } from './commands.js';
import { useFoundMessages } from './found-messages.js';

interface PaletteProps {
  readonly person: WhoAmI;
  readonly onClose: () => void;
}

/** One field that goes to every page, finds messages and does what the page can do. */
export function Palette({ person, onClose }: PaletteProps): VNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const text = useSignal('');
  const chosen = useSignal(0);
  // The commands that were possible when it was opened: the dialog itself changes which keys are in force.
  const all = useMemo(() => commandsFor(person, keysInForce.peek()), [person]);
  const commands = [...matching(all, text.value.trim()), ...useFoundMessages(text.value)];
  const at = Math.min(chosen.value, commands.length - 1);

  useModal(dialog);
  useLayoutEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [at]);

  return (
    <dialog
      ref={dialog}
      class="dialog palette"
      aria-label="Find or do"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div class="palette-field">
        <Icon name="search" />
        <input
          type="text"
          role="combobox"
          aria-label="Find or do"
          aria-expanded={commands.length > 0}
          aria-controls="palette-list"
          aria-autocomplete="list"
          aria-activedescendant={at < 0 ? undefined : `palette-${at}`}
          placeholder="Go to a page, find a message, do something"
          autocomplete="off"
          spellcheck={false}
          maxLength={200}
          autofocus
          value={text.value}
          onInput={(event) => {
            text.value = event.currentTarget.value;
            chosen.value = 0;
          }}
          onKeyDown={pressed}
        />
      </div>
      <div id="palette-list" class="palette-list" role="listbox" aria-label="Commands" ref={list}>
        {commands.map((command, index) => (
          <Option
            key={command.id}
            command={command}
            index={index}
            chosen={index === at}
            headed={command.group !== commands[index - 1]?.group}
            onTake={() => take(command)}
          />
        ))}
      </div>
    </dialog>
  );

  function pressed(event: TargetedKeyboardEvent<HTMLInputElement>): void {
    const { length } = commands;
    switch (event.key) {
      case 'ArrowDown':
      case 'ArrowUp':
        if (length > 0) chosen.value = (at + (event.key === 'ArrowDown' ? 1 : length - 1)) % length;
        break;
      case 'k':
        if (!event.ctrlKey && !event.metaKey) return;
        onClose();
        break;
      case 'Enter': {
        const command = commands[at];
        if (command !== undefined) take(command);
        break;
      }
      default:
        return;
    }
    event.preventDefault();
  }

  function take({ run }: Command): void {
    onClose();
    // After the dialog is gone, so that the focus that the command sets stays.
    queueMicrotask(run);
  }
}

interface OptionProps {
  readonly command: Command;
  readonly index: number;
  readonly chosen: boolean;
  /** Whether it is the first one of its group. */
  readonly headed: boolean;
  readonly onTake: () => void;
}

function Option({ command, index, chosen, headed, onTake }: OptionProps): VNode {
  const { group, title, icon, keys } = command;
  return (
    <>
      {headed && (
        <p class="palette-group" role="presentation">
          {group}
        </p>
      )}
      <div
        id={`palette-${index}`}
        class="palette-option"
        role="option"
        aria-selected={chosen}
        onMouseDown={(event) => event.preventDefault()}
        onClick={onTake}
      >
        <Icon name={icon} />
        <span class="palette-title">{title}</span>
        {keys !== null && <KeyNames keys={keys} />}
      </div>
    </>
  );
}
