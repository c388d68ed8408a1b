import './snippets.css';
import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { CodeBlock } from '../parts/code-block.js';
import type { SmtpSettings } from '../server/smtp-settings.js';
import { SNIPPETS, type SnippetName } from './snippets/index.js';

interface SnippetsProps {
  readonly settings: SmtpSettings;
  readonly domain: string;
  readonly token: string | null;
}

/** Stands in for a token that no one knows any more. */
const PLACEHOLDER = 'YOUR_API_TOKEN';

/** Settings to paste, for the framework that a person chooses. */
export function Snippets({ settings, domain, token }: SnippetsProps): VNode {
  const chosen = useSignal<SnippetName>('nodemailer');
  const { file, code } = SNIPPETS[chosen.value]({ settings, domain, token: token ?? PLACEHOLDER });
  return (
    <div class="snippets">
      <div class="segments" role="group" aria-label="Framework">
        {(Object.keys(SNIPPETS) as SnippetName[]).map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={name === chosen.value}
            onClick={() => (chosen.value = name)}
          >
            {name}
          </button>
        ))}
      </div>
      <p class="soft small">{file}</p>
      <CodeBlock code={code} what={`the settings for ${chosen.value}`} />
    </div>
  );
}
