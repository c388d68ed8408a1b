import './search-box.css';
import { batch, useSignal } from '@preact/signals';
import type { RefObject, TargetedEvent, TargetedKeyboardEvent, VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Icon } from '../parts/icon.js';
import { type Suggestion, suggestionsFor, wordAt } from './suggestions.js';

/** How long after a key the list is searched, in milliseconds. */
const SEARCH_AFTER = 250;

interface SearchBoxProps {
  readonly value: string;
  readonly input: RefObject<HTMLInputElement | null>;
  /** Says what is wrong with the search; null if nothing is. */
  readonly problem: string | null;
  readonly onSearch: (text: string) => void;
}

/** The field of the search, with suggestions for the word at the caret. */
export function SearchBox({ value, input, problem, onSearch }: SearchBoxProps): VNode {
  const text = useSignal(value);
  const offered = useSignal<readonly Suggestion[]>([]);
  const chosen = useSignal(-1);
  const timer = useRef(0);
  const asked = useRef(new AbortController());
  useEffect(() => {
    // The search of the URL changed by other means: a link, the way back.
    if (text.peek().trim() !== value.trim()) text.value = value;
  }, [value]);

  const open = offered.value.length > 0;
  return (
    <div class="search" role="search">
      <Icon name="search" />
      <input
        ref={input}
        class="input"
        type="text"
        role="combobox"
        aria-label="Search messages"
        aria-expanded={open}
        aria-controls="suggestions"
        aria-autocomplete="list"
        aria-activedescendant={chosen.value < 0 ? undefined : `suggestion-${chosen.value}`}
        aria-invalid={problem === null ? undefined : true}
        aria-describedby={problem === null ? undefined : 'search-problem'}
        placeholder="Search: a word, to:anna, is:bounced, tag:welcome"
        autocomplete="off"
        spellcheck={false}
        maxLength={1000}
        value={text.value}
        onInput={typed}
        onFocus={(event) => void offer(event.currentTarget)}
        onBlur={close}
        onKeyDown={pressed}
      />
      {text.value === '' ? (
        <kbd class="search-key" aria-hidden="true">
          /
        </kbd>
      ) : (
        <button type="button" class="search-clear" aria-label="Clear the search" onClick={clear}>
          <Icon name="close" />
        </button>
      )}
      <ul id="suggestions" role="listbox" aria-label="Suggestions" hidden={!open}>
        {offered.value.map((suggestion, index) => (
          <li
            key={suggestion.text}
            id={`suggestion-${index}`}
            role="option"
            aria-selected={index === chosen.value}
            onMouseDown={(event) => {
              event.preventDefault();
              take(suggestion);
            }}
          >
            <span class="mono">{suggestion.text}</span>
            <span class="soft">{suggestion.meaning}</span>
          </li>
        ))}
      </ul>
      {problem !== null && (
        <p id="search-problem" class="search-problem" role="status">
          {problem}
        </p>
      )}
    </div>
  );

  function typed(event: TargetedEvent<HTMLInputElement>): void {
    text.value = event.currentTarget.value;
    void offer(event.currentTarget);
    searchSoon();
  }

  function searchSoon(): void {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onSearch(text.peek()), SEARCH_AFTER);
  }

  function pressed(event: TargetedKeyboardEvent<HTMLInputElement>): void {
    const { length } = offered.value;
    switch (event.key) {
      case 'ArrowDown':
      case 'ArrowUp':
        if (length === 0) return;
        // -1, none of them, is one of the places that the arrows go round.
        chosen.value = ((chosen.value + 1 + (event.key === 'ArrowDown' ? 1 : length)) % (length + 1)) - 1;
        break;
      case 'Enter': {
        const suggestion = offered.value[chosen.value];
        if (suggestion !== undefined) {
          take(suggestion);
          break;
        }
        clearTimeout(timer.current);
        close();
        onSearch(text.peek());
        break;
      }
      case 'Escape':
        if (length > 0) close();
        else event.currentTarget.blur();
        break;
      default:
        return;
    }
    event.preventDefault();
  }

  function take({ text: word }: Suggestion): void {
    const field = input.current;
    if (field === null) return;
    const caret = field.selectionStart ?? text.peek().length;
    const { start } = wordAt(text.peek(), caret);
    const more = word.endsWith(':') ? '' : ' ';
    text.value = `${text.peek().slice(0, start)}${word}${more}${text.peek().slice(caret).trimStart()}`;
    const place = start + word.length + more.length;
    field.value = text.peek();
    field.setSelectionRange(place, place);
    void offer(field);
    searchSoon();
  }

  async function offer(field: HTMLInputElement): Promise<void> {
    asked.current.abort();
    const controller = new AbortController();
    asked.current = controller;
    const { word } = wordAt(field.value, field.selectionStart ?? field.value.length);
    const found = await suggestionsFor(word, controller.signal).catch(() => []);
    if (controller.signal.aborted || document.activeElement !== field) return;
    batch(() => {
      offered.value = found.length === 1 && found[0]?.text === word ? [] : found;
      chosen.value = -1;
    });
  }

  function close(): void {
    asked.current.abort();
    batch(() => {
      offered.value = [];
      chosen.value = -1;
    });
  }

  function clear(): void {
    text.value = '';
    clearTimeout(timer.current);
    onSearch('');
    input.current?.focus();
  }
}
