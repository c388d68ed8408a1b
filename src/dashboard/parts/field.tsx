import type { ComponentChildren, InputHTMLAttributes, VNode } from 'preact';

interface FieldProps {
  readonly id: string;
  readonly label: string;
  /** What to know before filling it in; read out with the field. */
  readonly hint?: ComponentChildren;
  readonly name: string;
  readonly type?: 'text' | 'password' | 'url' | 'number';
  readonly defaultValue?: string;
  readonly placeholder?: string;
  readonly autocomplete?: 'off' | 'current-password' | 'new-password';
  /** Not prose: no capitals and no red underlines. */
  readonly literal?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly min?: number;
  readonly step?: 'any';
  readonly required?: boolean;
  readonly autofocus?: boolean;
}

/** An input with its label above it and its hint below. */
export function Field({ label, hint, literal, ...input }: FieldProps): VNode {
  const { id } = input;
  // JSX has a type of its own for each `type` of an input, and cannot tell which one this is.
  const attributes = {
    ...input,
    ...(literal === true ? { spellcheck: false, autocapitalize: 'off' } : {}),
    ...(hint === undefined ? {} : { 'aria-describedby': `${id}-hint` }),
  } as InputHTMLAttributes;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input {...attributes} class="input" />
      {hint !== undefined && (
        <p id={`${id}-hint`} class="soft small">
          {hint}
        </p>
      )}
    </div>
  );
}
