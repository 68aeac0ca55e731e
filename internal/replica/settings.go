package replica

import (
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/internal/nsenter"
)

// settingDirs are the folders whose files are all copied, in this order: writing
// ip_forward sets those of all devices (inet_forward_change()), and so comes first;
// so do some of conf/all of IPv6 to "default" (addrconf_fixup_forwarding()).
// What devices have of their own is copied with them.
var settingDirs = []string{"net/ipv4", "net/ipv4/conf/all", "net/ipv4/conf/default",
	"net/ipv6", "net/ipv6/icmp", "net/ipv6/conf/all", "net/ipv6/conf/default", "net/bridge"}

// notCopied are settings of the whole machine, a key, and groups that a user
// namespace does not have.
var notCopied = map[string]bool{
	"net/ipv4/tcp_fastopen_key": true, "net/ipv4/tcp_mem": true, "net/ipv4/udp_mem": true,
	"net/ipv4/tcp_available_congestion_control": true, "net/ipv4/tcp_allowed_congestion_control": true,
	"net/ipv4/tcp_congestion_control": true, "net/ipv4/tcp_available_ulp": true, "net/ipv4/tcp_ehash_entries": true,
	"net/ipv4/udp_hash_entries": true, "net/ipv4/ping_group_range": true,
}

// IsSetting reports whether a path below /proc/sys is one of those that are copied.
func IsSetting(name string) bool {
	return path.Clean(name) == name && slices.Contains(settingDirs, path.Dir(name)) && !notCopied[name] && !isOwn(name)
}

// settingFirst is written before all others.
const settingFirst = "net/ipv4/ip_forward"

// readSettings reads the sysctls of a namespace that have to do with its packets.
func readSettings(ns *nsenter.Namespace) (all []Setting, err error) {
	err = ns.Do(func() error {
		all = settingsHere()
		return nil
	})
	return all, err
}

// settingsHere reads those of the calling thread's namespace.
func settingsHere() (all []Setting) {
	if value, ok := readSetting(settingFirst); ok {
		all = append(all, Setting{settingFirst, value})
	}
	for _, dir := range settingDirs {
		all = append(all, settingsIn(dir)...)
	}
	return all
}

// settingsIn reads those of one folder, from there: a whole path is looked up through what
// all namespaces of the machine have under the same names.
func settingsIn(dir string) (all []Setting) {
	folder, err := os.Open("/proc/sys/" + dir)
	if err != nil {
		return nil // without the module there is no folder
	}
	defer folder.Close()
	entries, _ := folder.ReadDir(-1)
	slices.SortFunc(entries, func(a, b os.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		if e.IsDir() || name == settingFirst || notCopied[name] || isOwn(name) {
			continue
		}
		if value, ok := readSettingAt(int(folder.Fd()), e.Name()); ok {
			all = append(all, Setting{name, value})
		}
	}
	return all
}

// readSetting does without the poller that an os.File would be registered with:
// there are some two hundred.
func readSetting(path string) (string, bool) { return readSettingAt(unix.AT_FDCWD, "/proc/sys/"+path) }

func readSettingAt(dir int, path string) (string, bool) {
	fd, err := unix.Openat(dir, path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", false
	}
	defer unix.Close(fd)
	var buf [4096]byte
	n, err := unix.Read(fd, buf[:])
	return strings.TrimRight(string(buf[:max(n, 0)]), "\n\t "), err == nil
}

// ownNames are settings of conf/all and conf/default of IPv6 that are the copy's own: its
// addresses are there at once, it asks for no router, and says once only to which groups it
// listens, since who speaks of himself is heard of by bridges; and a secret, of which its
// addresses are made elsewhere.
var ownNames = map[string]string{"accept_dad": "0", "dad_transmits": "0", "router_solicitations": "0", "use_tempaddr": "0", "stable_secret": "",
	"mldv1_unsolicited_report_interval": "3600000", "mldv2_unsolicited_report_interval": "3600000"}

func isOwn(name string) bool {
	_, own := ownNames[path.Base(name)]
	return own && strings.HasPrefix(name, "net/ipv6/conf/")
}

// own are the settings that a namespace of the copy has whatever the original's are.
func own() (all []Setting) {
	for _, dir := range []string{"net/ipv6/conf/all", "net/ipv6/conf/default"} {
		for name, value := range ownNames {
			if value != "" {
				all = append(all, Setting{path.Join(dir, name), value})
			}
		}
	}
	return all
}

// noIPv6 keeps the copy from speaking of itself where the original does not speak IPv6.
var noIPv6 = []Setting{{"net/ipv6/conf/all/disable_ipv6", "1"}, {"net/ipv6/conf/default/disable_ipv6", "1"}}

// spreading are the names of settings that are written with others, as ip_forward turns
// accept_redirects (inet_forward_change()) and conf/all that of all devices.
var spreading = map[string]bool{"ip_forward": true, "forwarding": true, "accept_redirects": true, "force_forwarding": true, "disable_ipv6": true,
	"disable_policy": true, "proxy_ndp": true, "addr_gen_mode": true, "ignore_routes_with_linkdown": true}

// writeSettings gives a namespace those that it does not have already: born are those that
// it is known to have, being new. A setting
// that a lab may not write is returned; one that is not there is the machine's, and
// only its first namespace shows it.
func writeSettings(ns *nsenter.Namespace, all []Setting, born map[Setting]bool) (refused []Omission, err error) {
	err = ns.Do(func() error {
		first := noIPv6
		if speaks6(all) {
			first = own()
		}
		for _, s := range first {
			_ = nsenter.WriteSetting(s.Path, s.Value) // a kernel may have no IPv6
		}
		for _, s := range all {
			if born[s] && !spreading[path.Base(s.Path)] {
				continue
			}
			if now, ok := readSetting(s.Path); ok && now == s.Value {
				continue
			}
			if err := nsenter.WriteSetting(s.Path, s.Value); err != nil && err != unix.ENOENT {
				refused = append(refused, Omission{What: Value, Name: strings.ReplaceAll(s.Path, "/", "."), Err: err.Error()})
			}
		}
		return nil
	})
	return refused, err
}

// speaks6 reports whether there is anything of IPv6 among the settings: a file may be of a
// version that had none, and a kernel without it tells of none.
func speaks6(all []Setting) bool {
	return slices.ContainsFunc(all, func(s Setting) bool { return strings.HasPrefix(s.Path, "net/ipv6/") })
}
