const FIRST = [
  'amber',
  'bold',
  'calm',
  'clear',
  'deep',
  'early',
  'fair',
  'glad',
  'keen',
  'late',
  'light',
  'mild',
  'quiet',
  'rapid',
  'still',
  'warm',
];
const SECOND = [
  'bay',
  'brook',
  'crane',
  'dawn',
  'field',
  'harbor',
  'hill',
  'lake',
  'meadow',
  'mist',
  'pier',
  'reef',
  'river',
  'shore',
  'stone',
  'wind',
];

/** An app name nobody chose, from four random bytes: `calm-harbor-04217`. */
export function randomAppName(bytes: Uint8Array): string {
  const [a = 0, b = 0, c = 0, d = 0] = bytes;
  const number = String(c * 256 + d).padStart(5, '0');
  return `${FIRST[a % FIRST.length] ?? 'calm'}-${SECOND[b % SECOND.length] ?? 'lake'}-${number}`;
}
