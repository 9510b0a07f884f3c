import type { Run } from '../../command.ts';
import { setFeature } from '../../set-feature.ts';

export const run: Run = (context, [feature = '']) => setFeature(context, feature, { enabled: true });
