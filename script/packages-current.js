// Exit 0 when node_modules holds what package-lock.json asks for (npm keeps a copy of what it installed).
import { readFileSync } from 'node:fs';
import process from 'node:process';

const read = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;
const same = (a, b) => a.version === b.version && a.integrity === b.integrity;

function current() {
  const wanted = Object.entries(read('package-lock.json')).filter(([path]) => path !== '');
  const installed = read('node_modules/.package-lock.json');
  // Optional packages of other platforms are wanted by the lock and rightly absent.
  return wanted.every(([path, entry]) =>
    installed[path] ? same(entry, installed[path]) : entry.optional === true,
  );
}

try {
  process.exitCode = current() ? 0 : 1;
} catch {
  process.exitCode = 1; // no tree, or one that npm did not finish
}
