import { endpoint } from '../endpoint.ts';
import { masterKeyState } from '../master-key-resources.ts';

export const showMasterKey = endpoint({
  method: 'GET',
  path: '/gantry/master-key',
  summary: 'show the name of the key that all secrets are sealed with, and how far its rotation is',
  needs: 'platform:admin',
  answer: masterKeyState,
});

export const rotateMasterKey = endpoint({
  method: 'POST',
  path: '/gantry/master-key/rotations',
  summary: 'make a new key the one that all secrets are sealed with; goes on while the platform runs',
  needs: 'platform:admin',
  status: 202,
  answer: masterKeyState,
});
