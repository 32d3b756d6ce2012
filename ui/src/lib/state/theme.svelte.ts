import { keep, kept } from './kept';

export type ThemeChoice = 'dark' | 'light' | 'system';

const KEY = 'firebreak.theme';
const CHOICES: readonly ThemeChoice[] = ['system', 'dark', 'light'];

function stored(): ThemeChoice {
  const value = kept(KEY);
  return CHOICES.find((choice) => choice === value) ?? 'system';
}

/** Dark, light, or what the system says; kept on this machine only. */
class Theme {
  choice = $state<ThemeChoice>('system');
  shown = $state<'dark' | 'light'>('dark');

  start(): () => void {
    this.choice = stored();
    const system = window.matchMedia('(prefers-color-scheme: light)');
    const draw = () => this.#draw(system.matches);
    draw();
    system.addEventListener('change', draw);
    return () => system.removeEventListener('change', draw);
  }

  choose(choice: ThemeChoice): void {
    this.choice = choice;
    keep(KEY, choice);
    this.#draw(window.matchMedia('(prefers-color-scheme: light)').matches);
  }

  #draw(systemIsLight: boolean): void {
    const light = this.choice === 'light' || (this.choice === 'system' && systemIsLight);
    this.shown = light ? 'light' : 'dark';
    document.documentElement.dataset['theme'] = this.shown;
  }
}

export const theme = new Theme();
