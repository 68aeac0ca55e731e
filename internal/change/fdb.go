package change

import (
	"context"
	"net"
	"net/netip"

	"nstutor/internal/say"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// The verbs of an FDB entry. FDBAppend puts one more beside those of the same
// address, FDBReplace takes their place.
const (
	FDBAppend  = "append"
	FDBReplace = "replace"
	FDBDel     = "del"
)

// FDB changes the forwarding database: of a VXLAN device, whose frames for MAC
// go to Dst; or of the bridge whose port Dev is, where Dst is invalid. The MAC of
// all zeroes stands for what no other entry of a VXLAN is for (vxlan_find_mac()).
type FDB struct {
	Netns, Verb string
	MAC         net.HardwareAddr
	Dev         string
	Dst         netip.Addr
}

// Flooded is the MAC address of what no other entry of a VXLAN is for.
var Flooded = make(net.HardwareAddr, 6)

var fdbVerbs = map[string]func(*netlink.Handle, *netlink.Neigh) error{
	FDBAppend: (*netlink.Handle).NeighAppend, FDBReplace: (*netlink.Handle).NeighSet, FDBDel: (*netlink.Handle).NeighDel,
}

var (
	_ = register("bridge fdb append", fdbParser(FDBAppend))
	_ = register("bridge fdb replace", fdbParser(FDBReplace))
	_ = register("bridge fdb del", fdbParser(FDBDel))
)

func fdbParser(verb string) parser {
	return func(netns string, words []string) (Change, error) {
		f := FDB{Netns: netns, Verb: verb}
		if len(words) == 0 {
			return nil, say.Err("no MAC address is named", "没有指定 MAC 地址")
		}
		var err error
		if f.MAC, err = net.ParseMAC(words[0]); err != nil {
			return nil, err
		}
		var self, permanent, master bool
		err = readOptions(words[1:], text("dev", &f.Dev), address("dst", &f.Dst), bare("self", &self), bare("permanent", &permanent), bare("master", &master))
		if err == nil && master == f.Dst.IsValid() {
			err = say.Err("an entry is of a VXLAN device and has a dst, or of its master and has none", "表项要么属于 VXLAN 设备并带有 dst，要么属于它的 master 而没有 dst")
		}
		return f, err
	}
}

// Command is `bridge fdb VERB MAC dev DEV …`.
func (f FDB) Command() Command {
	argv := []string{"bridge", "fdb", f.Verb, f.MAC.String(), "dev", f.Dev}
	if !f.Dst.IsValid() {
		return In(f.Netns, append(argv, "master")...)
	}
	return In(f.Netns, append(argv, "dst", f.Dst.String(), "self", "permanent")...)
}

// Apply changes the entry.
func (f FDB) Apply(_ context.Context, s Space) error {
	do, ok := fdbVerbs[f.Verb]
	if !ok {
		return say.Err("%s: fdb %q: not understood here", "%s：这里不认识 fdb %q", f.Netns, f.Verb)
	}
	return Dev{f.Netns, f.Dev}.set(s, say.Quote(words(f.Command().Argv[1:])), func(h *netlink.Handle, link netlink.Link) error {
		entry := &netlink.Neigh{LinkIndex: link.Attrs().Index, Family: unix.AF_BRIDGE, Flags: unix.NTF_MASTER, HardwareAddr: f.MAC}
		if f.Dst.IsValid() {
			entry.Flags, entry.State, entry.IP = unix.NTF_SELF, unix.NUD_PERMANENT, f.Dst.AsSlice()
		}
		return do(h, entry)
	})
}

// Undo takes an entry away that was appended, and appends one that was deleted.
// What a bridge has learned, it learns again; what another entry has taken the
// place of is not known.
func (f FDB) Undo(ctx context.Context, s Space, _ Before) error {
	switch {
	case f.Verb == FDBAppend:
		f.Verb = FDBDel
	case f.Verb == FDBDel && !f.Dst.IsValid():
		return nil
	case f.Verb == FDBDel:
		f.Verb = FDBAppend
	default:
		return say.Err("%s: the entry that %s had for %s is not known", "%s：不知道 %s 原来针对 %s 的表项", f.Netns, f.Dev, f.MAC)
	}
	return f.Apply(ctx, s)
}
