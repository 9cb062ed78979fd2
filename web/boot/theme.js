// Before the first paint: the theme that was chosen in this browser. The same key is in session/theme.rs.
try {
  const theme = localStorage.getItem('kinora.theme');
  if (theme === 'dark' || theme === 'light') document.documentElement.dataset.theme = theme;
} catch {
  // A browser that keeps nothing shows the system's theme.
}
