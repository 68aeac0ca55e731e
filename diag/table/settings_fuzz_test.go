package table

import "testing"

// FuzzSysctlPath: the file of a setting is below /proc/sys where the key is one,
// and a device may have dots in its name.
func FuzzSysctlPath(f *testing.F) {
	f.Add("net.ipv4.conf.eth0/5.forwarding")
	f.Add("..\xff/.")
	f.Fuzz(func(t *testing.T, key string) {
		path := SysctlPath(key)
		if back := SysctlPath(path); len(path) == len(key) && back != key {
			t.Errorf("%q is at %q, which is that of %q", key, path, back)
		}
	})
}

// FuzzConntrackUse: what the two files say becomes two numbers, or an error.
func FuzzConntrackUse(f *testing.F) {
	for _, text := range []string{"0", "262144", "-1", "", "9223372036854775808", "1 2", "0x10", "\x00"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if n, err := conntrackNumber(text); err == nil && n < 0 {
			t.Errorf("%q entries are %d", text, n)
		}
	})
}
