const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** `12.3 GB`, in steps of 1024 as memory is counted. */
export function bytesText(bytes: number): string {
  const step = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const value = bytes / 1024 ** step;
  return `${step === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[step] ?? 'B'}`;
}

/** Gigabytes, as sizes of instances have them. */
export function memoryText(gigabytes: number): string {
  return bytesText(gigabytes * 1024 ** 3);
}
