'use strict';
/*
 * Answers questions about a package.json, for the shell scripts of this buildpack:
 *   node package.js facts   BUILD_DIR            NUL-ended pairs of name and value, see `facts`
 *   node package.js start   BUILD_DIR            the command of the web process, empty when there is none
 *   node package.js highest RANGE                reads a JSON list of versions, prints the highest that fits
 */
const { existsSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

const [question, argument] = process.argv.slice(2);
const semver = () => require('/opt/gantry/node/lib/node_modules/npm/node_modules/semver');

function readJson(path) {
  const value = JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''));
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new Error('it is not an object');
  return value;
}

const object = (value) => (value !== null && typeof value === 'object' ? value : {});
const filled = (value) => Object.keys(object(value)).length > 0;
const say = (text) => process.stdout.write(text === '' ? '' : `${text}\n`);

/**
 * A start script that is plainly `node something` is run without npm around it: the process then is the app itself,
 * starts faster and hears SIGTERM at first hand.
 */
function start(dir, scripts) {
  const { start: command, prestart, poststart } = scripts;
  if (typeof command !== 'string' || command.trim() === '') return existsSync(join(dir, 'server.js')) ? 'node server.js' : '';
  const plain = prestart === undefined && poststart === undefined && /^node(?: [\w@%+=:,./-]+)+$/.test(command.trim());
  return plain ? command.trim() : 'npm start';
}

/** Whether the lock file names any package but the app itself; true when that cannot be told. */
function locksSomething(dir) {
  for (const name of ['package-lock.json', 'npm-shrinkwrap.json']) {
    if (!existsSync(join(dir, name))) continue;
    try {
      const { packages } = readJson(join(dir, name));
      return packages === undefined || Object.keys(object(packages)).some((key) => key !== '');
    } catch {
      return true; // npm has the better sentence about it
    }
  }
  return false;
}

/** Everything that compile asks, in one go: starting Node for each question would take longer than a small build. */
function facts(dir) {
  let read;
  try {
    read = readJson(join(dir, 'package.json'));
  } catch (err) {
    return { problem: `package.json cannot be read: ${err.message.split('\n')[0]}` };
  }
  const scripts = object(read.scripts);
  const range = typeof read.engines?.node === 'string' ? read.engines.node.trim() : '';
  const asks = [read.dependencies, read.devDependencies, read.optionalDependencies].some(filled) || read.workspaces !== undefined;
  // npm runs these on each install, also on one without packages.
  const hooks = ['preinstall', 'install', 'postinstall', 'prepare'].some((name) => scripts[name] !== undefined);
  const found = {
    engine: range,
    stack: range === '' || semver().satisfies(process.versions.node, range) ? 'yes' : '',
    version: process.versions.node,
    start: start(dir, scripts),
    install: asks || hooks || locksSomething(dir) ? 'yes' : '',
    dev: filled(read.devDependencies) || read.workspaces !== undefined ? 'yes' : '',
  };
  for (const name of ['heroku-prebuild', 'heroku-postbuild', 'build', 'heroku-cleanup']) {
    if (typeof scripts[name] === 'string') found[name] = 'yes';
  }
  return found;
}

const answers = {
  facts() {
    for (const [name, value] of Object.entries(facts(argument))) process.stdout.write(`${name}\0${value.replaceAll('\0', '')}\0`);
  },
  start: () => say(start(argument, object(readJson(join(argument, 'package.json')).scripts))),
  highest() {
    const list = [].concat(JSON.parse(readFileSync(0, 'utf8') || '[]')).filter((version) => semver().valid(version));
    say(semver().maxSatisfying(list, argument) ?? '');
  },
};

answers[question]();
