'use strict';
/*
 * Answers questions about a package.json, for the shell scripts of this buildpack:
 *   node package.js check   BUILD_DIR            exit 1 and a sentence when it cannot be used
 *   node package.js engine  BUILD_DIR            engines.node, empty when there is none
 *   node package.js script  BUILD_DIR NAME       exit 0 when scripts.NAME is there
 *   node package.js needs   BUILD_DIR            prints dependencies and/or dev, for what there is to install and to prune
 *   node package.js start   BUILD_DIR            the command of the web process, empty when there is none
 *   node package.js within  VERSION RANGE        exit 0 when VERSION satisfies RANGE
 *   node package.js highest RANGE                reads a JSON list of versions, prints the highest that fits
 */
const { existsSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

const [question, first, second] = process.argv.slice(2);
const semver = () => require('/opt/gantry/node/lib/node_modules/npm/node_modules/semver');

function read(dir) {
  const value = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8').replace(/^\uFEFF/, ''));
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new Error('it is not an object');
  return value;
}

const scripts = (dir) => {
  const found = read(dir).scripts;
  return found !== null && typeof found === 'object' ? found : {};
};
const has = (value) => value !== null && typeof value === 'object' && Object.keys(value).length > 0;
const say = (text) => process.stdout.write(text === '' ? '' : `${text}\n`);

/**
 * A start script that is plainly `node something` is run without npm around it: the process then is the app itself,
 * starts faster and hears SIGTERM at first hand.
 */
function start(dir) {
  const { start: command, prestart, poststart } = scripts(dir);
  if (typeof command !== 'string' || command.trim() === '') return existsSync(join(dir, 'server.js')) ? 'node server.js' : '';
  const plain = prestart === undefined && poststart === undefined && /^node(?: [\w@%+=:,./-]+)+$/.test(command.trim());
  return plain ? command.trim() : 'npm start';
}

const answers = {
  check() {
    try {
      read(first);
    } catch (err) {
      say(`package.json cannot be read: ${err.message}`);
      process.exitCode = 1;
    }
  },
  engine() {
    const range = read(first).engines?.node;
    say(typeof range === 'string' ? range.trim() : '');
  },
  script() {
    process.exitCode = typeof scripts(first)[second] === 'string' ? 0 : 1;
  },
  needs() {
    const { dependencies, devDependencies, optionalDependencies, workspaces } = read(first);
    if (has(dependencies) || has(optionalDependencies) || workspaces !== undefined) say('dependencies');
    if (has(devDependencies)) say('dev');
  },
  start: () => say(start(first)),
  within() {
    process.exitCode = semver().satisfies(first, second) ? 0 : 1;
  },
  highest() {
    const list = [].concat(JSON.parse(readFileSync(0, 'utf8') || '[]')).filter((version) => semver().valid(version));
    say(semver().maxSatisfying(list, first) ?? '');
  },
};

answers[question]();
