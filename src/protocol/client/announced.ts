import type { ReceivedReply } from './received-reply.js';

/** The extensions that EHLO announced: keywords in upper case, with their parameters. */
export type Extensions = ReadonlyMap<string, string>;

/** Reads the reply to EHLO. RFC 5321 4.1.1.1: the first line is a greeting, each further line names an extension. */
export function extensionsOf(reply: ReceivedReply): Extensions {
  const extensions = new Map<string, string>();
  for (const line of reply.lines.slice(1)) {
    // Some servers still announce AUTH in the form from before RFC 2554, `AUTH=LOGIN`, for old clients.
    const [keyword, parameters = ''] = line
      .trim()
      .replace(/^AUTH=/i, 'AUTH ')
      .split(/ +(.*)/s, 2) as [string, string?];
    const name = keyword.toUpperCase();
    if (name === 'AUTH' && extensions.has(name)) continue;
    extensions.set(name, parameters);
  }
  return extensions;
}
