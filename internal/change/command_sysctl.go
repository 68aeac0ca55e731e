package change

import "strings"

// SysctlSet gives a sysctl a value. Its key is a path below /proc/sys, one
// element a word, since the name of a device may have a dot in it.
func SysctlSet(netns, value string, key ...string) Command {
	for _, element := range key {
		if strings.IndexFunc(element, notInSysctl) >= 0 || !installed("sysctl") {
			return In(netns, "sh", "-c", "echo "+Quote(value)+" > "+Quote("/proc/sys/"+strings.Join(key, "/")))
		}
	}
	words := make([]string, len(key))
	for i, element := range key {
		// sysctl(8) takes either separator, and the other one for itself.
		words[i] = strings.ReplaceAll(element, ".", "/")
	}
	return In(netns, "sysctl", "-w", strings.Join(words, ".")+"="+value)
}

// notInSysctl reports whether sysctl(8) could take c in a key for more than a
// letter: some of its kinds expand patterns, and all split at the first "=".
func notInSysctl(c rune) bool { return special(c) || strings.ContainsRune(`=/:%+,`, c) }
