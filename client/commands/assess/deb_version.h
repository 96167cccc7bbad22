#ifndef SEGEL_CLIENT_COMMANDS_ASSESS_DEB_VERSION_H
#define SEGEL_CLIENT_COMMANDS_ASSESS_DEB_VERSION_H

/* Order of two versions of a Debian package (deb-version(7)): below 0, 0, above 0, as the
 * first is earlier, the same or later. Any text has its place. */
int deb_version_compare(const char *one, const char *other);

#endif
