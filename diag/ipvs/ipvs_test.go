package ipvs

import (
	"net/netip"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// written is what Linux 6.1 writes.
const written = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  0A60000A:0050 rr  
  -> 0AF4010B:1F90      Masq    1      0          0         
  -> 0AF4010A:1F90      Masq    0      0          0         
UDP  0A60000A:0000 sh  persistent 300 FFFFFFFF
  -> C0A80602:0000      Route   3      0          0         
TCP  [fd00:0096:0000:0000:0000:0000:0000:000a]:0050 wrr 
  -> [fd00:0244:0000:0000:0000:0000:0000:000b]:1F90      Tunnel  1      0          0         
FWM  00000007 rr 
`

func TestServicesAreReadAsTheKernelWritesThem(t *testing.T) {
	all, err := parse(written)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		proto   byte
		dst     string
		mark    uint32
		service string
		ready   string
	}{
		{unix.IPPROTO_TCP, "10.96.0.10:80", 0, "TCP 10.96.0.10:80 rr", "10.244.1.11:8080 Masq 1"},
		{unix.IPPROTO_TCP, "10.96.0.10:81", 0, "", ""},
		{unix.IPPROTO_UDP, "10.96.0.10:53", 0, "UDP 10.96.0.10:0 sh", "192.168.6.2:0 Route 3"},
		{unix.IPPROTO_TCP, "[fd00:96::a]:80", 0, "TCP [fd00:96::a]:80 wrr", "[fd00:244::b]:8080 Tunnel 1"},
		{unix.IPPROTO_TCP, "10.96.0.10:80", 7, "FWM 7 rr", ""},
		{unix.IPPROTO_ICMP, "10.96.0.10:0", 0, "", ""},
	} {
		s, ok := For(all, c.proto, netip.MustParseAddrPort(c.dst), c.mark)
		if ok != (c.service != "") || ok && s.String() != c.service {
			t.Errorf("%s mark %d: %v %v, want %q", c.dst, c.mark, s, ok, c.service)
		}
		ready := ""
		for _, one := range s.Ready() {
			ready += one.String()
		}
		if ready != c.ready {
			t.Errorf("%s mark %d: %q is ready, want %q", c.dst, c.mark, ready, c.ready)
		}
	}
	for _, bad := range []string{"TCP 0A60000A rr", "TCP XX:0050 rr", "  -> 0AF4010B:1F90 Masq 1 0 0", "GRE 0A60000A:0050 rr", "FWM XX rr", "TCP [fd00::zz]:0050 rr"} {
		if all, err := parse("\n\n\n" + bad); err == nil {
			t.Errorf("%q is read as %v", bad, all)
		}
	}
}

func TestAKernelWithoutVirtualServersHasNone(t *testing.T) {
	if _, err := os.Stat(file); err == nil {
		t.Skip("this kernel has them")
	}
	if all, err := Read(nil); err != nil || len(all) > 0 {
		t.Errorf("%v, %v", all, err)
	}
}
