import { chooseBuildpacks } from '../../buildpacks.ts';
import type { Run } from '../../command.ts';

export const run: Run = async (context) => chooseBuildpacks(context, await context.app(), []);
