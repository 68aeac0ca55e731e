package firewalld

import (
	"encoding/xml"
	"net/netip"
	"path"
	"regexp"
	"strconv"
	"strings"

	"nstutor/internal/plainfile"
)

// zoneFolders are where firewalld keeps its zones: what was changed is in the first.
var zoneFolders = []string{"/etc/firewalld/zones", "/usr/lib/firewalld/zones"}

// plainName matches the names that firewalld gives zones.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// Forward is a port that a zone keeps, in its file, to be sent on.
type Forward struct {
	File string
	Port string // or ports, such as 8000-8010
	To   netip.AddrPort
	Asks string // as firewall-cmd takes it
}

// Kept is the forward of a zone's file that is for a port of a protocol, below a root folder; to is
// the address and port that one without either is for.
func Kept(root, zone, proto string, to netip.AddrPort) (f Forward, ok bool) {
	dir, err := plainfile.OpenRoot(root)
	if err != nil || !plainName.MatchString(zone) {
		return f, false
	}
	defer dir.Close()
	for _, folder := range zoneFolders {
		f.File = path.Join(folder, zone+".xml")
		text, err := dir.Read(f.File)
		if err != nil {
			continue
		}
		var said struct {
			Forwards []struct {
				Port     string `xml:"port,attr"`
				Protocol string `xml:"protocol,attr"`
				ToPort   string `xml:"to-port,attr"`
				ToAddr   string `xml:"to-addr,attr"`
			} `xml:"forward-port"`
		}
		if xml.Unmarshal(text, &said) != nil {
			return f, false
		}
		for _, one := range said.Forwards {
			if one.Protocol != proto || !within(one.Port, to.Port()) {
				continue
			}
			f.Port, f.To, f.Asks = one.Port, to, "port="+one.Port+":proto="+proto
			if one.ToPort != "" {
				port, err := strconv.ParseUint(one.ToPort, 10, 16)
				if err != nil {
					continue // a range for a range: which is for which is firewalld's to say
				}
				f.To, f.Asks = netip.AddrPortFrom(f.To.Addr(), uint16(port)), f.Asks+":toport="+one.ToPort
			}
			if one.ToAddr != "" {
				addr, err := netip.ParseAddr(one.ToAddr)
				if err != nil || addr.Is6() != to.Addr().Is6() {
					continue
				}
				f.To, f.Asks = netip.AddrPortFrom(addr, f.To.Port()), f.Asks+":toaddr="+one.ToAddr
			}
			return f, true
		}
		return f, false
	}
	return f, false
}

// within reports whether a port is one of those that a file has, such as 80 or 8000-8010.
func within(ports string, port uint16) bool {
	first, last, ranged := strings.Cut(ports, "-")
	if !ranged {
		last = first
	}
	lo, err := strconv.ParseUint(first, 10, 16)
	hi, unread := strconv.ParseUint(last, 10, 16)
	return err == nil && unread == nil && lo <= uint64(port) && uint64(port) <= hi
}
