package lab

import (
	"encoding/binary"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// What golang.org/x/sys/unix does not have of <linux/neighbour.h>.
const (
	ndtaName, ndtaParms = 1, 6

	ndtpaIfindex           = 1
	ndtpaBaseReachableTime = 4
	ndtpaRetransTime       = 5
	ndtpaDelayProbeTime    = 7
	ndtpaUcastProbes       = 10
	ndtpaMcastProbes       = 11
	ndtpaProxyDelay        = 13
)

// NeighbourParms are parameters of a device's IPv4 neighbours, named as `ip ntable` names
// them; the times are in milliseconds.
type NeighbourParms struct {
	Retrans, ProxyDelay, DelayProbe, BaseReachable uint64
	McastProbes, UcastProbes                       uint32
}

// SetNeighbourParms sets them in the namespace of the calling thread (neightbl_set). It is
// one message, where the sysctls below net.ipv4.neigh are a file each, and are hidden from
// the namespaces of a user (neigh_sysctl_register).
func SetNeighbourParms(dev string, p NeighbourParms) error {
	index, err := indexOf(dev)
	if err != nil {
		return err
	}
	nested := nl.NewRtAttr(ndtaParms|unix.NLA_F_NESTED, nil)
	nested.AddRtAttr(ndtpaIfindex, nl.Uint32Attr(index))
	nested.AddRtAttr(ndtpaMcastProbes, nl.Uint32Attr(p.McastProbes))
	nested.AddRtAttr(ndtpaUcastProbes, nl.Uint32Attr(p.UcastProbes))
	for kind, ms := range map[int]uint64{
		ndtpaRetransTime: p.Retrans, ndtpaProxyDelay: p.ProxyDelay, ndtpaDelayProbeTime: p.DelayProbe, ndtpaBaseReachableTime: p.BaseReachable,
	} {
		nested.AddRtAttr(kind, binary.NativeEndian.AppendUint64(nil, ms))
	}
	request := nl.NewNetlinkRequest(unix.RTM_SETNEIGHTBL, unix.NLM_F_ACK)
	request.AddRawData([]byte{unix.AF_INET, 0, 0, 0}) // struct ndtmsg
	request.AddRawData(nl.NewRtAttr(ndtaName, nl.ZeroTerminated("arp_cache")).Serialize())
	request.AddRawData(nested.Serialize())
	_, err = request.Execute(unix.NETLINK_ROUTE, 0)
	return err
}

// indexOf is a device's index in the namespace of the calling thread. The ioctl, unlike
// RTM_GETLINK, waits for no lock that a namespace which is being taken apart holds (dev_ifsioc_locked).
func indexOf(dev string) (uint32, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq(dev)
	if err != nil {
		return 0, err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, request); err != nil {
		return 0, err
	}
	return request.Uint32(), nil
}
