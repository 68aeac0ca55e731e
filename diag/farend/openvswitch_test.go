package farend

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/table"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// switched makes a datapath with a device as its port, as ovs-dpctl does.
func switched(t *testing.T, ns *nsenter.Namespace, datapath, dev string) {
	t.Helper()
	err := ns.Do(func() error {
		upcall := binary.NativeEndian.AppendUint32(nil, 0)
		if err := made("ovs_datapath", 0, nl.NewRtAttr(ovsDatapathName, nl.ZeroTerminated(datapath)), nl.NewRtAttr(2, upcall)); err != nil {
			return err
		}
		own, err := netlink.LinkByName(datapath)
		if err != nil {
			return err
		}
		kind := binary.NativeEndian.AppendUint32(nil, 1) // OVS_VPORT_TYPE_NETDEV
		return made("ovs_vport", own.Attrs().Index, nl.NewRtAttr(2, kind), nl.NewRtAttr(ovsPortName, nl.ZeroTerminated(dev)), nl.NewRtAttr(5, upcall))
	})
	if err != nil {
		t.Skipf("there is no Open vSwitch here: %v", err)
	}
}

// made is the first command of a family of Open vSwitch: a new one.
func made(family string, datapath int, attributes ...*nl.RtAttr) error {
	f, err := netlink.GenlFamilyGet(family)
	if err != nil {
		return err
	}
	request := nl.NewNetlinkRequest(int(f.ID), unix.NLM_F_ACK)
	request.AddData(&nl.Genlmsg{Command: 1, Version: ovsVersion})
	header := make([]byte, ovsHeader)
	binary.NativeEndian.PutUint32(header, uint32(datapath))
	request.AddRawData(header)
	for _, a := range attributes {
		request.AddRawData(a.Serialize())
	}
	_, err = request.Execute(unix.NETLINK_GENERIC, 0)
	return err
}

// TestPortsOfADatapathAreListed: and none where no device shows that there is one.
func TestPortsOfADatapathAreListed(t *testing.T) {
	ns := labtest.Netns(t, "switch")
	if err := ns.Do(func() error {
		return netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "v1"}, PeerName: "v2"})
	}); err != nil {
		t.Fatal(err)
	}
	if ports, err := Ports(ns, []table.Link{{Name: "v1", Kind: "veth"}}); err != nil || ports != nil {
		t.Errorf("without a datapath: %v, %v", ports, err)
	}
	switched(t, ns, "dp0", "v1")
	end := Of(ns, table.Link{Name: "v1", Kind: "veth", Master: "dp0", MasterKind: "openvswitch"}, netip.MustParseAddr("10.0.0.1"))
	if end.Datapath != "dp0" || end.Number != 1 {
		t.Errorf("the port is %+v", end)
	}
	if said, ok := end.Said(); !ok || said.In("en") != "the Open vSwitch datapath dp0, as its port 1" {
		t.Errorf("it is said to be %q", said.In("en"))
	}
	if end := Of(ns, table.Link{Name: "v2", Kind: "veth"}, netip.MustParseAddr("10.0.0.1")); end.Known() {
		t.Errorf("a device that is no port is %+v", end)
	}
}
