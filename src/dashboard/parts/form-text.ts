/** Returns the text of a field of a form, without spaces around it; empty if there is none. */
export function formText(data: FormData, field: string): string {
  const value = data.get(field);
  return typeof value === 'string' ? value.trim() : '';
}
