import { expect, it } from 'vitest';
import { fromDokku } from './dokku.ts';

it.each([
  ['', ''],
  ['apps', 'apps'],
  ['apps:list', 'apps:list'],
  ['apps:create hello', 'apps:create hello'],
  ['--app hello config', 'config --app hello'],
  ['--app=hello config:set A=b', 'config:set A=b --app hello'],
  ['config:show hello', 'config --app hello'],
  ['config:set hello A=b C=d', 'config:set A=b C=d --app hello'],
  ['config:set --app hello A=b', 'config:set --app hello A=b'],
  ['config:set A=b', 'config:set A=b'],
  ['config:get hello A', 'config:get A --app hello'],
  ['ps:scale hello web=2', 'ps:scale web=2 --app hello'],
  ['ps:report hello', 'ps --app hello'],
  ['logs hello -t -n 5', 'logs -t -n 5 --app hello'],
  ['--quiet --trace --app hello logs -t', 'logs -t --app hello'],
  ['--app hello ps:restart hello', 'ps:restart hello --app hello'],
  ['apps:destroy hello --force', 'apps:destroy --confirm hello --app hello'],
  ['--force apps:destroy hello', 'apps:destroy --confirm hello --app hello'],
  ['--force --app hello destroy', 'destroy --confirm hello --app hello'],
  ['apps:destroy hello', 'apps:destroy --app hello'],
  ['ssh-keys:add laptop', 'keys:add'],
  ['ssh-keys:list', 'keys'],
  ['nonsense hello --app x', 'nonsense hello --app x'],
  ['--app', ''],
])('reads `%s` as `%s`', (said, meant) => {
  expect(fromDokku(said.split(' ').filter((word) => word !== '')).join(' ')).toBe(meant);
});
