const PATHS = {
  bolt: 'M9.5 1 3 9.2h4.2L6.3 15 13 6.6H8.7Z',
  tool: 'M14 4.6 11.6 7 9 6.9 8.9 4.4 11.4 2a4.2 4.2 0 0 0-5.2 5.4l-4.6 4.7a1.7 1.7 0 0 0 2.3 2.3l4.7-4.6A4.2 4.2 0 0 0 14 4.6Z',
  refresh: 'M13 3v3.5H9.5l1.4-1.4A4 4 0 1 0 12 8h1.6A5.6 5.6 0 1 1 12 4Z',
  swap: 'M10.5 2 14 5.5 10.5 9V6.4H3V4.6h7.5ZM5.5 7 2 10.5 5.5 14v-2.6H13V9.6H5.5Z',
  person: 'M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2.5 14c0-3 2.5-4.8 5.5-4.8s5.5 1.8 5.5 4.8Z',
  phone: 'M4.6 1.5 2.4 2.600C1.3 8 8 14.7 13.4 13.600l1.1-2.2-3.3-2.1-1.6 1.400C7.9 9.9 6.1 8.1 5.3 6.400l1.4-1.600Z',
  check: 'M6.3 12.8 1.8 8.300l1.6-1.6 2.9 2.9 6.3-6.4 1.6 1.600Z',
  cross: 'M8 6.3 12.2 2.100l1.7 1.700L9.7 8l4.2 4.2-1.7 1.700L8 9.700l-4.2 4.2-1.7-1.700L6.3 8 2.1 3.800l1.7-1.700Z',
  hand: 'M3 8.500V4.600a1 1 0 0 1 2 0V7h.4V2.600a1 1 0 0 1 2 0V7h.4V2a1 1 0 0 1 2 0v5h.4V3.400a1 1 0 0 1 2 0V10c0 3-1.8 5-4.6 5-2.2 0-3.4-1-4.6-3Z',
  line: 'M2 4h12v1.800H2ZM2 7.200h12V9H2ZM2 10.400h8v1.800H2Z',
  copy: 'M5 1.5h8.500v9.500H12V3H5ZM2.5 4.500H11v10H2.500Zm1.5 1.500v7h5.500V6Z',
  move: 'M2 6.600h7.200V3.400L14 8l-4.8 4.600V9.400H2Z',
} as const;

export type IconName = keyof typeof PATHS;

/** A small sign. What it means must stand beside it in words. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} fill="currentColor" />
    </svg>
  );
}
