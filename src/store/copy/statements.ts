/** SQL that reads a section, in the words that both engines have. */
import type { Section, SectionName } from './sections.js';

/** How an adapter's column differs from that of the section. */
interface Form {
  /** Its name. Default: that of the section. */
  readonly column?: string;
  /** The expression that reads it. Default: its name. */
  readonly read?: string;
  /** The expression that compares it, if it is part of the key. Default: its name. */
  readonly compare?: string;
  /** Returns the expression that makes its value of a parameter. Default: the parameter. */
  readonly write?: (parameter: string) => string;
}

export interface Forms {
  readonly columns?: Readonly<Record<string, Form>>;
  /** Which rows belong to the copy. Default: all. */
  readonly where?: string;
}

export type FormsBySection = Readonly<Partial<Record<SectionName, Forms>>>;

/** Returns what differs in a section; nothing by default. */
export function formsOf(forms: FormsBySection, { name }: Section): Forms {
  return forms[name] ?? {};
}

export function columnNames(section: Section, forms: Forms): string[] {
  return section.columns.map(({ name }) => forms.columns?.[name]?.column ?? name);
}

/** Returns the expression that makes the value of a column. */
export function written(forms: Forms, name: string, parameter: string): string {
  return forms.columns?.[name]?.write?.(parameter) ?? parameter;
}

/** Returns a statement that reads all rows, or with `after` those after a key, which its first parameters are. */
export function readStatement(
  section: Section,
  forms: Forms,
  parameter: (at: number) => string,
  after: boolean,
): string {
  const columns = columnNames(section, forms);
  const values = section.columns.map(
    ({ name }, at) => `${forms.columns?.[name]?.read ?? columns[at] ?? name} AS c${at}`,
  );
  const key = section.columns
    .slice(0, section.key)
    .map(({ name }, at) => forms.columns?.[name]?.compare ?? columns[at] ?? name);
  const bound = section.columns
    .slice(0, section.key)
    .map(({ name }, at) => written(forms, name, parameter(at)));
  const conditions = [
    ...(forms.where === undefined ? [] : [forms.where]),
    // The first one says in which partitions to look.
    ...(after ? [`${key[0]} >= ${bound[0]}`, `(${key.join(', ')}) > (${bound.join(', ')})`] : []),
  ];
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  return `SELECT ${values.join(', ')} FROM ${section.name}${where} ORDER BY ${key.join(', ')}`;
}

export function countStatement(section: Section, forms: Forms): string {
  return `SELECT count(*) AS count FROM ${section.name}${forms.where === undefined ? '' : ` WHERE ${forms.where}`}`;
}
