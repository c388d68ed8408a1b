interface Block {
  readonly text: string;
  readonly line: number;
}
export function commentsOf(text: string, name?: string): Block[];
export function titlesOf(text: string, name?: string): Block[];
export function paragraphsOf(text: string): Block[];
export function measure(blocks: readonly (Block & { readonly file: string })[]): {
  words: number;
  ifs: number;
  dialect: number;
  places: string[];
};
