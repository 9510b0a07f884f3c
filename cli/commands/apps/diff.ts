import { showSlug } from '../../../server/contract/endpoints/builds.ts';
import { listBuildpackInstallations, listFeatures } from '../../../server/contract/endpoints/options.ts';
import type { Context, Run } from '../../command.ts';
import { printTable } from '../../table.ts';

type Properties = ReadonlyMap<string, string>;

export const run: Run = async (context, [one = '', other = '']) => {
  const { terminal, options, result } = context;
  const [first, second] = await Promise.all([propertiesOf(context, one), propertiesOf(context, other)]);
  const names = [...new Set([...first.keys(), ...second.keys()])];
  const isSecret = (property: string): boolean => property.startsWith(CONFIG) && !options.flag('values');
  const shown = (of: Properties, property: string): string | null => {
    const value = of.get(property);
    return value !== undefined && isSecret(property) ? '••••••' : (value ?? null);
  };
  const differences = names
    .filter((property) => first.get(property) !== second.get(property))
    .map((property) => ({ property, first: shown(first, property), second: shown(second, property) }));
  result(differences, () => {
    if (differences.length === 0) terminal.note('Nothing differs.');
    const rows = differences.map(({ property, first: a, second: b }) => [property, a ?? '', b ?? '']);
    printTable(terminal, rows, { head: ['Property', one, other], whole: [0] });
  });
};

const CONFIG = 'config ';

/** Whatever two apps can have in common, by name. */
async function propertiesOf({ client, signal }: Context, app: string): Promise<Properties> {
  const api = await client();
  const params = { app };
  const [{ stack }, config, buildpacks, features, releases] = await Promise.all([
    api.app(app, signal),
    api.config(app, signal),
    api.call(listBuildpackInstallations, { params }, signal),
    api.call(listFeatures, { params }, signal),
    api.releases(app, 1000, signal),
  ]);
  const slug = releases.find((one) => one.current)?.slug?.id;
  const image = slug === undefined ? undefined : await api.call(showSlug, { params: { app, slug } }, signal);
  return new Map([
    ...(image?.checksum ? [['image', image.checksum] as const] : []),
    ['stack', stack.name],
    ...buildpacks.map(({ ordinal, buildpack }) => [`buildpack ${ordinal + 1}`, buildpack.name] as const),
    ...features.map(({ name, enabled }) => [`feature ${name}`, enabled ? 'on' : 'off'] as const),
    ...Object.entries(config)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => [`${CONFIG}${name}`, value] as const),
  ]);
}
