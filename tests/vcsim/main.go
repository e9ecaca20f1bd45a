// Starts the vSphere simulator of govmomi for the protocol suite of kuramori-vsphere.
//
// Prints one JSON line when it listens, and ends when its standard input closes, so that it never
// outlives the test that started it.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"flag"
	"io"
	"log"
	"math/big"
	"net"
	"net/url"
	"os"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
)

type datastore struct {
	Name   string `json:"name"`
	Folder string `json:"folder"`
}

type started struct {
	URL        string      `json:"url"`
	User       string      `json:"user"`
	Password   string      `json:"password"`
	SHA256     string      `json:"sha256"`
	Datastores []datastore `json:"datastores"`
}

func certificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: "vcsim"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

func main() {
	esx := flag.Bool("esx", false, "a single host instead of a vCenter")
	listen := flag.String("listen", "127.0.0.1:0", "address to listen on")
	user := flag.String("user", "root", "user name")
	password := flag.String("password", "vcsim-pass", "password")
	machines := flag.Int("vm", 2, "number of VMs (in each pool or host)")
	flag.Parse()

	model := simulator.VPX()
	if *esx {
		model = simulator.ESX()
	}
	model.Machine = *machines
	if err := model.Create(); err != nil {
		log.Fatal(err)
	}
	own, err := certificate()
	if err != nil {
		log.Fatal(err)
	}
	model.Service.Listen = &url.URL{Host: *listen, User: url.UserPassword(*user, *password)}
	model.Service.TLS = &tls.Config{Certificates: []tls.Certificate{own}}
	server := model.Service.NewServer()

	sum := sha256.Sum256(own.Certificate[0])
	out := started{
		URL:      "https://" + server.URL.Host,
		User:     *user,
		Password: *password,
		SHA256:   hex.EncodeToString(sum[:]),
	}
	for _, entity := range simulator.Map.All("Datastore") {
		var store mo.Datastore
		if found, ok := simulator.Map.Get(entity.Reference()).(*simulator.Datastore); ok {
			store = found.Datastore
		}
		out.Datastores = append(out.Datastores, datastore{store.Name, store.Summary.Url})
	}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		log.Fatal(err)
	}

	_, _ = io.Copy(io.Discard, os.Stdin)
	model.Remove()
}
