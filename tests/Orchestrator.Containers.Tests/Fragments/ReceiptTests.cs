using System.Security.Cryptography;
using System.Text;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Fragments;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Tests.Enforcement;
using Orchestrator.Errors;
using Orchestrator.Tests;

namespace Orchestrator.Containers.Tests.Fragments;

public sealed class ReceiptTests
{
    private static readonly Publisher s_publisher = new();
    private static readonly Publisher s_trust = new();
    private static readonly Ledger s_ledger = new("ledger.example");
    private static readonly Ledger s_other = new("other.example");

    [Theory]
    [InlineData("*")]
    [InlineData("ledger.example")]
    [InlineData("TTL:list")]
    public void A_fragment_with_the_receipt_that_is_demanded_is_admitted(string receipt)
    {
        var group = new Group(PolicyWith($"\"{receipt}\"", "\"*\""));
        LoadFragment load = Fragment(s_ledger.Receipt);

        group.Refuse(load, $"missing receipt from {receipt}");
        group.Admit(TrustList(s_ledger));
        group.Admit(load);
    }

    public static TheoryData<string, Func<byte[], byte[]>> BadReceipts => new()
    {
        { "for another statement", digest => s_ledger.Receipt(SHA256.HashData(digest)) },
        { "of a service that is not trusted", digest => s_other.Receipt(digest) },
        { "of a service in another's name", digest => s_other.Receipt(digest, ledger: "ledger.example") },
        { "by a key of another name", digest => s_ledger.Receipt(digest, keyId: "k2") },
        { "of another profile", digest => s_ledger.Receipt(digest, profile: 1) },
        { "with a payload", digest => s_ledger.Receipt(digest, payload: new byte[32]) },
        { "that is none", digest => digest },
    };

    [Theory]
    [MemberData(nameof(BadReceipts))]
    public void A_receipt_that_does_not_hold_counts_for_nothing(string name, Func<byte[], byte[]> receipt)
    {
        Assert.NotEmpty(name);
        var group = new Group(PolicyWith("\"*\"", "\"*\""));
        group.Admit(TrustList(s_ledger));

        group.Refuse(Fragment(receipt), "missing receipt from *");
    }

    [Fact]
    public void No_byte_of_a_receipt_can_be_changed()
    {
        var group = new Group(PolicyWith("\"*\"", "\"*\""));
        group.Admit(TrustList(s_ledger));
        int length = 0;
        Fragment(digest =>
        {
            byte[] receipt = s_ledger.Receipt(digest);
            length = receipt.Length;
            return receipt;
        });
        for (int i = 0; i < length; i++)
        {
            LoadFragment load = Fragment(digest =>
            {
                byte[] receipt = s_ledger.Receipt(digest);
                receipt[i] ^= 1;
                return receipt;
            });

            group.Refuse(load, "missing receipt from *");
        }
    }

    [Fact]
    public void Every_receipt_that_is_demanded_has_to_be_there()
    {
        var group = new Group(PolicyWith("\"ledger.example\", \"other.example\"", "\"*\""));
        group.Admit(TrustList(s_ledger, s_other));

        group.Refuse(Fragment(s_ledger.Receipt), "missing receipt from other.example");
        group.Admit(Fragment(s_ledger.Receipt, s_other.Receipt));
    }

    [Fact]
    public void A_trusted_service_cannot_vouch_in_anothers_name()
    {
        var group = new Group(PolicyWith("\"ledger.example\"", "\"*\""));
        group.Admit(TrustList(s_ledger, s_other));

        group.Refuse(Fragment(digest => s_other.Receipt(digest, ledger: "ledger.example")), "missing receipt from ledger.example");
    }

    [Fact]
    public void Services_that_the_policy_does_not_allow_do_not_count()
    {
        var group = new Group(PolicyWith("\"*\"", "\"other.example\""));
        group.Admit(TrustList(s_ledger, s_other));

        group.Refuse(Fragment(s_ledger.Receipt), "missing receipt from *");
        group.Admit(Fragment(s_other.Receipt));
    }

    [Fact]
    public void A_list_that_the_policy_does_not_name_is_refused()
    {
        var group = new Group(PolicyWith("\"*\"", "\"*\""));

        group.Refuse(TrustList("list", "2", s_publisher, s_ledger), "invalid transparency trust list issuer or subject");
        group.Refuse(TrustList("another", "2", s_trust, s_ledger), "invalid transparency trust list issuer or subject");
        group.Refuse(TrustList("list", "1", s_trust, s_ledger), "transparency trust list svn is below the specified minimum");
        new Group(Policy.WithOneContainer("0.5.0")).Refuse(TrustList(s_ledger), "rule for load_transparency_trust_list is missing from policy");
        group.Admit(TrustList(s_ledger));
        group.Admit(TrustList(s_ledger));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{\"a\": {}}")]
    [InlineData("{\"a\": {\"keys\": [{\"kty\": \"RSA\"}]}}")]
    [InlineData("{\"a\": {\"keys\": [{\"kty\": \"EC\", \"crv\": \"P-384\", \"kid\": \"k\", \"x\": \"AA\", \"y\": \"AA\"}]}}")]
    [InlineData("{\"a\": 1, \"a\": 2}")]
    [InlineData("{")]
    public void A_list_that_is_none_is_refused(string json)
    {
        var refusal = Assert.Throws<OrchestratorException>(() => PublishedStatement.Verify(Ledger.TrustList(s_trust, "list", "2", json).Encode(), Publisher.Now));

        Assert.Equal("fragment-invalid", refusal.Code.Id);
    }

    private static LoadFragment Fragment(params Func<byte[], byte[]>[] receipts) => Fragment(receipts.AsEnumerable());

    private static LoadFragment Fragment(Func<byte[], long, string, string?, byte[]?, byte[]> receipt) => Fragment(digest => receipt(digest, 2, "k1", null, null));

    private static LoadFragment Fragment(Func<byte[], long, string, string?, byte[]?, byte[]> first, Func<byte[], long, string, string?, byte[]?, byte[]> second) =>
        Fragment(digest => first(digest, 2, "k1", null, null), digest => second(digest, 2, "k1", null, null));

    private static LoadFragment Fragment(IEnumerable<Func<byte[], byte[]>> receipts) => Assert.IsType<LoadFragment>(
        PublishedStatement.Verify(Ledger.Fragment(s_publisher, "package mine\nsvn := \"2\"\nframework_version := \"0.5.0\"\n", receipts), Publisher.Now));

    private static EnforcementRequest TrustList(params Ledger[] ledgers) => TrustList("list", "2", s_trust, ledgers);

    private static EnforcementRequest TrustList(string subject, string svn, Publisher publisher, params Ledger[] ledgers) =>
        PublishedStatement.Verify(Ledger.TrustList(publisher, subject, svn, ledgers).Encode(), Publisher.Now);

    private static string PolicyWith(string receipts, string ledgers) =>
        Policy.WithOneContainer("0.5.0").Replace("api_version := \"0.10.0\"", "api_version := \"0.12.0\"", StringComparison.Ordinal) + $$"""

            load_fragment := data.framework.load_fragment
            load_transparency_trust_list := data.framework.load_transparency_trust_list
            fragments := [{"issuer": "{{s_publisher.Issuer}}", "feed": "feed", "minimum_svn": "1", "includes": [], "required_receipts": [{{receipts}}]}]
            transparency_trust_lists := [{"issuer": "{{s_trust.Issuer}}", "subject": "list", "minimum_svn": 2, "allowed_ledgers": [{{ledgers}}]}]
            """;
}
