import type { ComponentChildren, VNode } from 'preact';

const SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:', 'mailto:']);

/** Returns a URL that came in a message if a click on it is harmless; null for any other scheme. */
function safeUrl(url: string): string | null {
  try {
    const { protocol, href } = new URL(url);
    return SCHEMES.has(protocol) ? href : null;
  } catch {
    return null;
  }
}

interface SafeLinkProps {
  readonly url: string;
  readonly children: ComponentChildren;
}

/** A link that came in a message: to http, https or mailto. Anything else is shown as text. */
export function SafeLink({ url, children }: SafeLinkProps): VNode {
  const href = safeUrl(url);
  if (href === null) return <span>{children}</span>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}
