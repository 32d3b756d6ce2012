import { invoke, type InvokeArgs } from '@tauri-apps/api/core';
import { hostError } from '../host';

/** One command of the shell; a rejection arrives as a `HostError`. */
export async function call<T>(command: string, args?: InvokeArgs): Promise<T> {
  try {
    return await invoke<T>(command, args);
  } catch (thrown) {
    throw hostError(thrown);
  }
}
