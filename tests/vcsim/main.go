// Starts the vSphere simulator of govmomi for the protocol suite of kuramori-vsphere.
//
// Prints one JSON line when it listens, and ends when its standard input closes, so that it never
// outlives the test that started it.
package main

import (
	"context"
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

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vapi/rest"
	_ "github.com/vmware/govmomi/vapi/simulator"
	"github.com/vmware/govmomi/vapi/tags"
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

// Gives the first VM a tag, through the same interface a client asks.
func tagFirst(server *url.URL, user *url.Userinfo) error {
	ctx := context.Background()
	at := *server
	at.User = user
	client, err := govmomi.NewClient(ctx, &at, true)
	if err != nil {
		return err
	}
	session := rest.NewClient(client.Client)
	if err := session.Login(ctx, user); err != nil {
		return err
	}
	manager := tags.NewManager(session)
	category, err := manager.CreateCategory(ctx, &tags.Category{Name: "Tier", Cardinality: "MULTIPLE"})
	if err != nil {
		return err
	}
	tag, err := manager.CreateTag(ctx, &tags.Tag{Name: "gold", CategoryID: category})
	if err != nil {
		return err
	}
	if err := manager.AttachTag(ctx, tag, simulator.Map.Any("VirtualMachine")); err != nil {
		return err
	}
	if err := session.Logout(ctx); err != nil {
		return err
	}
	return client.Logout(ctx)
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
	model.Service.RegisterEndpoints = !*esx
	model.Service.TLS = &tls.Config{Certificates: []tls.Certificate{own}}
	server := model.Service.NewServer()

	if !*esx {
		if err := tagFirst(server.URL, url.UserPassword(*user, *password)); err != nil {
			log.Fatal(err)
		}
	}

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
