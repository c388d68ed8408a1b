import type { VNode } from 'preact';

/** Outlines on a grid of 20 by 20, drawn with a pen of 1.5. */
const OUTLINES = {
  messages: 'M3 5.5h14v9.5h-14z M3.5 6l6.5 5.5L16.5 6',
  overview: 'M3.5 16.5h13 M5.5 13.5v-4 M10 13.5V4.5 M14.5 13.5V7.5',
  tags: 'M3.5 3.5h6l7 7-6 6-7-7z M6.800 6.800h.01',
  domains:
    'M10 3a7 7 0 1 0 0 14a7 7 0 0 0 0-14z M3.200 10h13.600 M10 3c-4.5 4.5-4.5 9.5 0 14c4.5-4.5 4.5-9.5 0-14',
  queue: 'M3.5 5.5h13 M3.5 10h13 M3.5 14.5h8',
  nodes: 'M3.5 4h13v5h-13z M3.5 11h13v5h-13z M6.5 6.5h.01 M6.5 13.5h.01',
  settings:
    'M4 6h7 M15 6h1 M4 14h1 M9 14h7 M13 4a2 2 0 1 0 0 4a2 2 0 0 0 0-4z M7 12a2 2 0 1 0 0 4a2 2 0 0 0 0-4z',
  search: 'M9 3.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11z M13 13l3.5 3.5',
  close: 'M5 5l10 10 M15 5L5 15',
  copy: 'M7.5 7.5h9v9h-9z M12.5 7.5v-4h-9v9h4',
  check: 'M4 10.5l4 4 8-9',
  none: 'M5 10h10',
  back: 'M12 4.5L6.5 10l5.5 5.5',
  forward: 'M8 4.5l5.5 5.5L8 15.5',
  down: 'M5 8l5 5 5-5',
  up: 'M5 12l5-5 5 5',
  menu: 'M3.5 6h13 M3.5 10h13 M3.5 14h13',
  more: 'M5 10h.01 M10 10h.01 M15 10h.01',
  sun: 'M10 6.5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 0 0 0-7z M10 2.5v1 M10 16.5v1 M2.5 10h1 M16.5 10h1 M4.700 4.700l.7.7 M14.600 14.600l.7.7 M4.700 15.300l.7-.7 M14.600 5.400l.7-.7',
  moon: 'M16.5 11.5A7 7 0 0 1 8.5 3.5a7 7 0 1 0 8 8z',
  system: 'M3 4.5h14v9H3z M7.5 16.5h5',
  leave: 'M8 4H4v12h4 M8.5 10h8 M13.5 7l3 3-3 3',
  attachment:
    'M15.5 9.5l-5.800 5.800a3.5 3.5 0 0 1-5-5l6-6a2.300 2.300 0 0 1 3.300 3.300l-5.800 5.800a1.100 1.100 0 0 1-1.600-1.600l5-5',
  download: 'M10 3.5v9 M6.5 9l3.5 3.5L13.5 9 M4 16.5h12',
  retry: 'M16 10a6 6 0 1 1-1.800-4.300 M16.5 3v3.5H13',
  stop: 'M10 3a7 7 0 1 0 0 14a7 7 0 0 0 0-14z M5.200 5.200l9.600 9.600',
  send: 'M3 10L17 3.5 12.5 17 9.5 11z M9.5 11L17 3.5',
  trash: 'M4 5.5h12 M8 5.5v-2h4v2 M5.5 5.5l.8 11h7.400l.8-11',
  image: 'M3 4h14v12H3z M3 13.5l4-4 3.5 3.5 2.5-2 4 3.5 M13 7.5h.01',
  phone: 'M6 2.5h8v15H6z M9.5 15h1',
  tablet: 'M4 3h12v14H4z M9.5 15h1',
  desktop: 'M2.5 4h15v9.5h-15z M7 16.5h6',
  warning: 'M10 3l7.5 13.5h-15z M10 8v4 M10 14.200h.01',
  key: 'M7 9a3.5 3.5 0 1 0 0 7a3.5 3.5 0 0 0 0-7z M9.5 10L16 3.5 M13.5 6l2.5 2.5',
  plus: 'M10 4.5v11 M4.5 10h11',
  external: 'M8 4.5H4v11.5h11.5V12 M11.5 4H16v4.5 M16 4l-7 7',
  filter: 'M3 4.5h14l-5.5 6.5v5l-3-1.5V11z',
} as const;

export type IconName = keyof typeof OUTLINES;

/** A picture beside a text, or within a control that has a label: it says nothing to a screen reader. */
export function Icon({ name }: { readonly name: IconName }): VNode {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={OUTLINES[name]} />
    </svg>
  );
}
