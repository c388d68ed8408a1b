import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/layout.css';
import './styles/table.css';
import { render } from 'preact';
import { App } from './app.js';
import { followLinks } from './router/links.js';
import { loadSession } from './session/session.js';
import { applyTheme } from './shell/theme.js';

applyTheme();
followLinks();
void loadSession();
render(<App />, document.body);
