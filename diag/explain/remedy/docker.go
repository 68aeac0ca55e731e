package remedy

import "nstutor/internal/say"

// AgainByDocker adds to what is said of rules of Docker's that are gone what writes all of them
// again.
func AgainByDocker(text say.Text) say.Text {
	return say.T("%s; restarting Docker (systemctl restart docker) writes all of its rules again, and stops its containers unless live-restore is on",
		"%s；重启 Docker（systemctl restart docker）会重新写好它的全部规则，但除非开了 live-restore，容器会随之停止", text)
}
