import type { Run } from '../../command.ts';
import { VERSION } from '../../version.ts';

export const run: Run = ({ terminal, result }) => {
  const { platform, arch, version: node } = process;
  result({ version: VERSION, platform: `${platform}-${arch}`, node }, () =>
    terminal.print(`gantry/${VERSION} ${platform}-${arch} node-${node}`),
  );
  return Promise.resolve();
};
