/** Returns the text of a field of a form, without spaces around it; empty if it is missing. */
export function formText(data: FormData, field: string): string {
  const value = data.get(field);
  return typeof value === 'string' ? value.trim() : '';
}
