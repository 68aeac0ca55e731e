package container

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// machine is what is written below a root folder: by path.
type machine map[string]string

func (m machine) write(t testing.TB) (root string) {
	t.Helper()
	root = t.TempDir()
	for name, text := range m {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// process adds one to the /proc of the machine.
func (m machine) process(pid, parent int, group string, argv ...string) machine {
	dir := fmt.Sprintf("proc/%d/", pid)
	m[dir+"cmdline"] = strings.Join(argv, "\x00") + "\x00"
	m[dir+"stat"] = fmt.Sprintf("%d (a) b (c)) S %d 1 1", pid, parent)
	m[dir+"cgroup"] = group
	return m
}

// The IDs that the tests have.
var (
	idA = strings.Repeat("a1b2c3d4", 8)
	idB = strings.Repeat("b1b2c3d4", 8)
)

const criConfig = `{"ociVersion":"1.1.0","annotations":{"io.kubernetes.cri.container-type":"sandbox","io.kubernetes.cri.sandbox-name":"coredns-x2x7q",
"io.kubernetes.cri.sandbox-namespace":"kube-system","io.kubernetes.cri.sandbox-id":"x"}}`

var machines = []struct {
	name    string
	machine machine
	want    []Container
}{
	{"nothing", machine{}.process(1, 0, "0::/init.scope", "/sbin/init"), nil},
	{"docker", machine{
		"var/lib/docker/containers/" + idA + "/config.v2.json": `{"ID":"` + idA + `","Name":"/web","State":{"Running":true,"Pid":378},"Config":{"Labels":{"a":"b"}},
			"NetworkSettings":{"Networks":{"app":{"IPAddress":"172.18.0.2"},"host":{"IPAddress":""}}}}`,
		"var/lib/docker/containers/" + idB + "/config.v2.json": `{"ID":"` + idB + `","Name":"/stopped","State":{"Running":false,"Pid":0}}`,
		"var/lib/docker/containers/torn/config.v2.json":        `{"ID":`,
	}.process(378, 1, "0::/system.slice/docker-"+idA+".scope", "nginx"), []Container{{Runtime: "docker", Name: "web", ID: idA, PID: 378, Networks: map[string]string{"app": "172.18.0.2"}}}},
	{"a dockerd that died, and a process that has the number now", machine{
		"var/lib/docker/containers/" + idA + "/config.v2.json": `{"ID":"` + idA + `","Name":"/web","State":{"Running":true,"Pid":378}}`,
	}.process(378, 1, "0::/user.slice", "bash"), nil},
	{"dockerd with another folder", machine{
		"etc/docker/daemon.json":                            `{"data-root": "/data/docker"}`,
		"data/docker/containers/" + idA + "/config.v2.json": `{"ID":"` + idA + `","Name":"/web","State":{"Running":true,"Pid":378}}`,
	}.process(378, 1, "12:pids:/docker/"+idA+"\n", "nginx"), []Container{{Runtime: "docker", Name: "web", ID: idA, PID: 378}}},
	{"dockerd with a folder on its command line, and users that are mapped", machine{
		"data/docker/165536.165536/containers/" + idA + "/config.v2.json": `{"ID":"` + idA + `","Name":"/web","State":{"Running":true,"Pid":378}}`,
	}.process(378, 1, "0::/docker/"+idA, "nginx").process(50, 1, "", "/usr/bin/dockerd", "-H", "fd://", "--data-root=/data/docker"),
		[]Container{{Runtime: "docker", Name: "web", ID: idA, PID: 378}}},
	{"docker, whose own file is out of reach", machine{
		"run/docker/containerd/daemon/io.containerd.runtime.v2.task/moby/" + idA + "/init.pid": "378",
	}.process(378, 1, "0::/docker/"+idA, "nginx"), []Container{{Runtime: "docker", ID: idA, PID: 378}}},
	{"a pod of containerd", machine{
		"run/containerd/io.containerd.runtime.v2.task/k8s.io/" + idA + "/init.pid":    "500",
		"run/containerd/io.containerd.runtime.v2.task/k8s.io/" + idA + "/config.json": criConfig,
		"run/containerd/io.containerd.runtime.v2.task/k8s.io/" + idB + "/init.pid":    "501\n",
		"run/containerd/io.containerd.runtime.v2.task/k8s.io/" + idB + "/config.json": strings.Replace(criConfig, `"sandbox",`, `"container","io.kubernetes.cri.container-name":"coredns",`, 1),
	}.process(500, 1, "0::/kubepods/cri-containerd-"+idA+".scope", "/pause").process(501, 1, "0::/kubepods/cri-containerd-"+idB+".scope", "/coredns"), []Container{
		{Runtime: "containerd", ID: idA, PID: 500, Pod: "coredns-x2x7q", PodIn: "kube-system"},
		{Runtime: "containerd", Name: "coredns", ID: idB, PID: 501, Pod: "coredns-x2x7q", PodIn: "kube-system"},
	}},
	{"nerdctl", machine{
		"run/k3s/containerd/io.containerd.runtime.v2.task/default/" + idA + "/init.pid":    "500",
		"run/k3s/containerd/io.containerd.runtime.v2.task/default/" + idA + "/config.json": `{"annotations":{"nerdctl/name":"web"}}`,
	}.process(500, 1, "0::/default/"+idA, "nginx"), []Container{{Runtime: "containerd", Name: "web", ID: idA, PID: 500}}},
	{"podman", machine{}.
		process(600, 1, "", "/usr/bin/conmon", "--api-version", "1", "-c", idA, "-u", idA, "-r", "/usr/bin/crun", "-b", "/x", "-n", "web", "--exit-dir", "/y").
		process(601, 600, "", "sleep", "1000").
		process(700, 1, "", "/usr/bin/conmon", "--api-version", "1", "-c", idA, "-u", idB, "-n", "web", "-e").
		process(701, 700, "", "sh"),
		[]Container{{Runtime: "podman", Name: "web", ID: idA, PID: 601}}},
	{"CRI-O", machine{}.
		process(600, 1, "", "/usr/bin/conmonrs", "--cid="+idA, "--name=k8s_POD_web-0_default_2b1c-44_0").process(601, 600, "", "/pause"),
		[]Container{{Runtime: "cri-o", Name: "POD", ID: idA, PID: 601, Pod: "web-0", PodIn: "default"}}},
	{"LXC in the background and in the foreground", machine{}.
		process(800, 1, "", "[lxc monitor] /var/lib/lxc web").process(801, 800, "", "/sbin/init").
		process(810, 1, "", "lxc-start", "-F", "-n", "db").process(811, 810, "", "/sbin/init").
		process(820, 1, "", "lxc-start", "-F", "--name=cache"),
		[]Container{{Runtime: "lxc", Name: "web", PID: 801}, {Runtime: "lxc", Name: "db", PID: 811}}},
	{"systemd-nspawn", machine{
		"run/systemd/machines/web":                             "# This is private data. Do not parse.\nNAME=web\nSERVICE=systemd-nspawn\nLEADER=901\n",
		"run/systemd/machines/unit:systemd-nspawn@web.service": "NAME=web\nLEADER=901\n",
	}.process(900, 1, "", "systemd-nspawn", "-bM", "web").process(901, 900, "", "/sbin/init").
		process(910, 1, "", "/usr/bin/systemd-nspawn", "--quiet", "-D", "/srv/db").process(911, 910, "", "/sbin/init"),
		[]Container{{Runtime: "systemd-nspawn", Name: "web", PID: 901}, {Runtime: "systemd-nspawn", Name: "db", PID: 911}}},
	{"Mininet", machine{}.
		process(100, 1, "", "bash", "--norc", "--noediting", "-is", "mininet:h1").process(101, 1, "", "mininet:h2").
		process(102, 1, "", "grep", "mininet:h3").process(103, 1, "", "bash", "mininet:"),
		[]Container{{Runtime: "mininet", Name: "h1", PID: 100}, {Runtime: "mininet", Name: "h2", PID: 101}}},
}

func TestContainersAreKnownByWhatTheirRuntimesLeave(t *testing.T) {
	for _, c := range machines {
		t.Run(c.name, func(t *testing.T) {
			got, err := Read(c.machine.write(t))
			for i := range got {
				got[i].UID = 0 // of who runs the test
			}
			if err != nil || !cmp.Equal(got, c.want) {
				t.Errorf("%v\n%s", err, cmp.Diff(c.want, got))
			}
		})
	}
}

func TestAContainerIsFoundByEachOfItsNames(t *testing.T) {
	all := []Container{
		{Runtime: "containerd", ID: idA, PID: 500, Pod: "web-0", PodIn: "default"}, {Runtime: "containerd", Name: "nginx", ID: idB, PID: 501, Pod: "web-0", PodIn: "default"},
		{Runtime: "docker", Name: "web-0", ID: "cafe", PID: 502},
	}
	for _, c := range []struct {
		ref          string
		named, begin int
	}{
		{"web-0", 3, 0}, {"default/web-0", 2, 0}, {"nginx", 1, 0}, {"kube-system/web-0", 0, 0}, {"/web-0", 0, 0}, {"", 0, 0},
		{"caf", 0, 1}, {"ca", 0, 0}, {idA[:12], 0, 1}, {idB, 0, 1}, {"cafebabe", 0, 0},
	} {
		if named, begin := Named(all, c.ref), Numbered(all, c.ref); len(named) != c.named || len(begin) != c.begin {
			t.Errorf("%q: %v by name, and %v by ID", c.ref, named, begin)
		}
	}
	if got := all[0].Called() + " " + all[2].Called() + " " + (Container{ID: idA}).Called(); got != "web-0 web-0 "+idA[:12] {
		t.Errorf("they are called %s", got)
	}
}

// TestNobodyWaitsForWhatIsNoFile: a FIFO, a folder and a link out of the root in
// the places of files.
func TestNobodyWaitsForWhatIsNoFile(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "config.v2.json")
	if err := os.WriteFile(outside, []byte(`{"ID":"`+idA+`","Name":"/out","State":{"Running":true,"Pid":378}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	root := machine{
		"var/lib/docker/containers/x/config.v2.json/y": "", "run/systemd/machines/web/x": "",
	}.process(378, 1, "0::/"+idA, "conmon", "-n", "web", "-c", idA).write(t)
	for _, path := range []string{"var/lib/docker/containers/fifo/config.v2.json", "proc/2/cmdline"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := unix.Mkfifo(filepath.Join(root, path), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(root, "var/lib/docker/containers/link")
	if err := os.Symlink(filepath.Dir(outside), link); err != nil {
		t.Fatal(err)
	}
	if all, err := Read(root); len(all) != 0 || err != nil {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestThisMachineCanBeRead(t *testing.T) {
	if _, err := Read("/"); err != nil {
		t.Error(err)
	}
	if _, err := Read(filepath.Join(t.TempDir(), "absent")); err == nil {
		t.Error("a machine that is not there is read")
	}
}

func BenchmarkRead(b *testing.B) {
	for b.Loop() {
		if _, err := Read("/"); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzCommandLines(f *testing.F) {
	f.Add("conmon\x00-n\x00web\x00-c\x00abc", "config", "groups")
	f.Add("[lxc monitor] ", "", "")
	f.Add("\x00-n", "", "")
	f.Fuzz(func(t *testing.T, line, config, groups string) {
		m := machine{
			"var/lib/docker/containers/x/config.v2.json":                        config,
			"run/containerd/io.containerd.runtime.v2.task/k8s.io/x/config.json": config,
			"run/containerd/io.containerd.runtime.v2.task/k8s.io/x/init.pid":    config,
			"run/systemd/machines/x":                                            config,
			"proc/7/cmdline":                                                    line, "proc/7/stat": config, "proc/7/cgroup": groups,
			"proc/8/cmdline": line, "proc/8/stat": "8 (x) S 7",
		}
		all, err := Read(m.write(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			if c.PID <= 0 || c.Called() == "" || c.Runtime == "" {
				t.Errorf("%+v", c)
			}
		}
	})
}
