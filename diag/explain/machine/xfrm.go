package machine

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Policy is an xfrm policy (`ip xfrm policy`).
type Policy struct {
	Src, Dst netip.Prefix
	Dir      string // "out", "in" or "fwd"
	Block    bool
	Default  bool // it is none, but what becomes of what no policy is for
	// Secured are the ways that the packet has to be secured, of which a security
	// association has to be there; none where the policy lets it pass as it is.
	Secured int
	// Unkept tells that no association is there for one of them: the packet waits
	// for one, and is dropped. Of what comes in, or is passed on, it tells that it has to
	// come secured.
	Unkept bool
}

// SendPolicy is the policy that the kernel applies to what leaves the namespace:
// that of the lowest priority whose selector fits (xfrm_policy_lookup()). There is
// none where it is false. It takes CAP_NET_ADMIN.
func (n *Space) SendPolicy(src, dst netip.Addr, proto byte) (Policy, bool, error) {
	found, err := n.policy(netlink.XFRM_DIR_OUT, src, dst, proto)
	if found == nil {
		return n.byDefault(netlink.XFRM_DIR_OUT, err)
	}
	policy := read(found)
	for _, tmpl := range found.Tmpls {
		policy.Unkept = policy.Unkept || tmpl.Optional == 0 && !n.xfrm.associated(tmpl)
	}
	return policy, true, nil
}

// TakePolicy is the policy for what the namespace takes, or passes on, of what comes in by a
// device as it is (__xfrm_policy_check()). There is none where it is false.
func (n *Space) TakePolicy(passes bool, dev string, src, dst netip.Addr, proto byte) (Policy, bool, error) {
	dir := netlink.XFRM_DIR_IN
	if passes {
		dir = netlink.XFRM_DIR_FWD
	}
	found, err := n.policy(dir, src, dst, proto)
	if found == nil && dev != "lo" {
		return n.byDefault(dir, err)
	} else if found == nil {
		return Policy{}, false, err
	}
	if off, err := n.Sysctl("net/ipv4/conf/" + dev + "/disable_policy"); err != nil || off != "0" {
		return Policy{}, false, err
	}
	policy := read(found)
	for _, tmpl := range found.Tmpls {
		policy.Unkept = policy.Unkept || tmpl.Optional == 0
	}
	return policy, true, nil
}

func read(p *netlink.XfrmPolicy) Policy {
	return Policy{Src: prefixOf(p.Src), Dst: prefixOf(p.Dst), Dir: strings.TrimPrefix(p.Dir.String(), "dir "), Block: p.Action == netlink.XFRM_POLICY_BLOCK, Secured: len(p.Tmpls)}
}

// byDefault is what becomes of a packet that no policy is for, where that is not to pass
// (`ip xfrm policy setdefault`).
func (n *Space) byDefault(dir netlink.Dir, err error) (Policy, bool, error) {
	if err != nil || !n.xfrm.blocks[dir] {
		return Policy{}, false, err
	}
	return Policy{Dir: strings.TrimPrefix(dir.String(), "dir "), Block: true, Default: true}, true, nil
}

// Of linux/xfrm.h: the message that asks for struct xfrm_userpolicy_default, which has a byte
// each for in, fwd and out.
const (
	getDefault   = 0x28 // XFRM_MSG_GETDEFAULT
	blockDefault = 1    // XFRM_USERPOLICY_BLOCK
)

// defaults are the directions in which what no policy is for is blocked. Kernels before 5.15
// know of none.
func defaults() map[netlink.Dir]bool {
	req := nl.NewNetlinkRequest(getDefault, 0)
	req.AddRawData(make([]byte, 3))
	blocks := map[netlink.Dir]bool{}
	messages, err := req.Execute(unix.NETLINK_XFRM, getDefault)
	for _, m := range messages {
		for i, dir := range []netlink.Dir{netlink.XFRM_DIR_IN, netlink.XFRM_DIR_FWD, netlink.XFRM_DIR_OUT} {
			blocks[dir] = err == nil && len(m) > i && m[i] == blockDefault
		}
	}
	return blocks
}

// policy is that of the lowest priority of a direction whose selector fits; nil where none does.
func (n *Space) policy(dir netlink.Dir, src, dst netip.Addr, proto byte) (found *netlink.XfrmPolicy, err error) {
	all, err := n.policies()
	for i := range all {
		p := &all[i]
		fits := p.Dir == dir && selects(p.Src, src) && selects(p.Dst, dst) && (p.Proto == 0 || byte(p.Proto) == proto)
		if fits && (found == nil || p.Priority < found.Priority) {
			found = p
		}
	}
	return found, err
}

// policies are read once, and the associations with them.
func (n *Space) policies() ([]netlink.XfrmPolicy, error) {
	if n.xfrm == nil {
		n.xfrm = &xfrm{}
		n.xfrm.err = n.NS.Do(func() (err error) {
			n.xfrm.blocks = defaults()
			if n.xfrm.policies, err = netlink.XfrmPolicyList(unix.AF_INET); err != nil || len(n.xfrm.policies) == 0 {
				return err
			}
			n.xfrm.states, err = netlink.XfrmStateList(unix.AF_INET)
			return err
		})
	}
	return n.xfrm.policies, n.xfrm.err
}

// xfrm is what a namespace has of IPsec.
type xfrm struct {
	policies []netlink.XfrmPolicy
	states   []netlink.XfrmState
	blocks   map[netlink.Dir]bool // what no policy is for
	err      error
}

// associated reports whether there is a security association as a template wants
// it (xfrm_state_find()).
func (x *xfrm) associated(tmpl netlink.XfrmPolicyTmpl) bool {
	return slices.ContainsFunc(x.states, func(s netlink.XfrmState) bool {
		return s.Proto == tmpl.Proto && s.Mode == tmpl.Mode && (tmpl.Reqid == 0 || s.Reqid == tmpl.Reqid) &&
			(len(tmpl.Dst) == 0 || tmpl.Dst.IsUnspecified() || s.Dst.Equal(tmpl.Dst))
	})
}

func selects(prefix *net.IPNet, addr netip.Addr) bool {
	return prefix == nil || prefix.Contains(net.IP(addr.AsSlice()))
}

func prefixOf(p *net.IPNet) netip.Prefix {
	if p == nil {
		return netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	}
	addr, _ := netip.AddrFromSlice(p.IP.To4())
	bits, _ := p.Mask.Size()
	return netip.PrefixFrom(addr, bits)
}
