using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Orchestrator.Containers.Fragments;
using Orchestrator.Crypto.Signatures;
using Orchestrator.Errors;
using Orchestrator.Tests;

namespace Orchestrator.Containers.Tests.Fragments;

public sealed class VerifiedFragmentTests
{
    private const string Text = "package mine\n\nsvn := \"2\"\nframework_version := \"0.5.0\"\n\ncontainers := []\n";

    private static readonly Publisher s_publisher = new();

    [Fact]
    public void A_signed_fragment_verifies()
    {
        VerifiedFragment fragment = s_publisher.Publish(Text);

        Assert.Equal(s_publisher.Issuer, fragment.Issuer);
        Assert.Equal("feed", fragment.Feed);
        Assert.Equal(new SecurityVersion.Whole(2), fragment.Module.Svn);
    }

    [Fact]
    public void No_byte_of_a_fragment_can_be_changed()
    {
        byte[] message = s_publisher.Sign(Text);
        for (int i = 0; i < message.Length; i++)
        {
            byte[] changed = [.. message];
            changed[i] ^= (byte)(1 << (i % 8));

            Assert.Throws<OrchestratorException>(() => VerifiedFragment.Verify(changed, Publisher.Now));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100)]
    public void A_fragment_cut_short_or_extended_is_refused(int cut)
    {
        byte[] message = s_publisher.Sign(Text);

        Refuse(message[..^(cut + 1)]);
        Refuse([.. message, .. new byte[cut + 1]]);
    }

    [Fact]
    public void A_fragment_whose_signer_has_expired_is_refused() => Refuse(s_publisher.Sign(Text), Publisher.AfterExpiry);

    [Fact]
    public void A_fragment_in_another_publishers_name_is_refused()
    {
        var stranger = new Publisher();

        Refuse(stranger.Sign(Text, issuer: s_publisher.Issuer));
        stranger.Chain = s_publisher.Chain;
        Refuse(stranger.Sign(Text, issuer: s_publisher.Issuer));
    }

    [Fact]
    public void A_signer_put_under_another_root_is_refused()
    {
        var publisher = new Publisher();
        publisher.Chain = [publisher.Chain[0], s_publisher.Chain[1]];

        Refuse(publisher.Sign(Text));
        Refuse(publisher.Sign(Text, issuer: s_publisher.Issuer));
        publisher.Chain = [publisher.Chain[0]];
        Refuse(publisher.Sign(Text));
    }

    [Fact]
    public void A_signer_without_the_purpose_that_the_issuer_names_is_refused() => Refuse(new Publisher("1.3.6.1.5.5.7.3.3").Sign(Text));

    [Fact]
    public void A_fragment_without_a_feed_is_refused() => Refuse(s_publisher.Sign(Text, feed: ""));

    public static TheoryData<string, Func<Envelope, Envelope>> BadHeaders => new()
    {
        { "critical header", envelope => With(envelope, (2, writer => writer.WriteInt64(1))) },
        { "header twice", envelope => With(envelope, ("feed", writer => writer.WriteTextString("feed"))) },
        { "another issuer among the claims", envelope => With(envelope, (15, Claims((1, writer => writer.WriteTextString("did:x509:0:other"))))) },
        { "another feed among the claims", envelope => With(envelope, (15, Claims((2, writer => writer.WriteTextString("other"))))) },
        { "another svn among the claims", envelope => With(envelope, (15, Claims(("svn", writer => writer.WriteTextString("3"))))) },
        { "svn of another kind", envelope => With(envelope, (15, Claims(("svn", writer => writer.WriteTextString("2.0.0"))))) },
        { "another content type", envelope => Without(With(envelope, (3, writer => writer.WriteTextString("application/json"))), 1) },
        { "a content type of another family", envelope => Without(With(envelope, (3, writer => writer.WriteTextString("text/x+rego"))), 1) },
        { "no content type", envelope => Without(envelope, 1) },
        { "no algorithm", envelope => Without(envelope, 0) },
        { "no chain", envelope => Without(envelope, 2) },
        { "no issuer", envelope => Without(envelope, 3) },
        { "another algorithm", envelope => Without(With(envelope, (1, writer => writer.WriteInt64(-7))), 0) },
        { "something unsigned", envelope => envelope with { Unprotected = [("feed", writer => writer.WriteTextString("feed"))] } },
        { "a time stamp that is none", envelope => envelope with { Unprotected = [("timestamp", writer => writer.WriteByteString([1, 2, 3]))] } },
        { "too many receipts", envelope => envelope with { Unprotected = [(394, writer => WriteReceipts(writer, 17))] } },
    };

    [Theory]
    [MemberData(nameof(BadHeaders))]
    public void A_header_that_says_something_else_is_refused(string name, Func<Envelope, Envelope> change)
    {
        Assert.NotEmpty(name);
        Refuse(change(s_publisher.Envelope(Text)).Encode());
    }

    public static TheoryData<string, Func<Envelope, Envelope>> GoodHeaders => new()
    {
        { "as it is", envelope => envelope },
        { "claims in place of texts", envelope => Without(Without(With(envelope, (15, Claims((1, writer => writer.WriteTextString(s_publisher.Issuer)), (2, writer => writer.WriteTextString("feed")), ("svn", writer => writer.WriteUInt64(2))))), 4), 3) },
        { "receipts", envelope => envelope with { Unprotected = [(394, writer => WriteReceipts(writer, 2))] } },
        { "something unknown", envelope => With(envelope, ("more", writer => writer.WriteBoolean(true))) },
    };

    [Theory]
    [MemberData(nameof(GoodHeaders))]
    public void A_header_may_say_it_otherwise(string name, Func<Envelope, Envelope> change)
    {
        var fragment = VerifiedFragment.Verify(change(s_publisher.Envelope(Text)).Encode(), Publisher.Now);

        Assert.NotEmpty(name);
        Assert.Equal((s_publisher.Issuer, "feed"), (fragment.Issuer, fragment.Feed));
        Assert.Empty(fragment.Receipts);
    }

    [Theory]
    [InlineData(-37, "SHA256")]
    [InlineData(-38, "SHA384")]
    [InlineData(-39, "SHA512")]
    public void A_signer_may_have_an_RSA_key(long algorithm, string hash)
    {
        using var key = RSA.Create(2048);
        var publisher = new Publisher();
        publisher.Chain = [publisher.Certify(new CertificateRequest("CN=Publisher", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pss)), publisher.Chain[1]];
        Envelope envelope = Algorithm(publisher.Envelope(Text), algorithm) with { Sign = data => key.SignData(data, new HashAlgorithmName(hash), RSASignaturePadding.Pss) };

        Assert.Equal("feed", VerifiedFragment.Verify(envelope.Encode(), Publisher.Now).Feed);
        Refuse((envelope with { Sign = data => key.SignData(data, new HashAlgorithmName(hash), RSASignaturePadding.Pkcs1) }).Encode());
    }

    [Fact]
    public void A_signer_may_have_an_Ed25519_key()
    {
        using var key = PartySigningKey.Generate();
        var publisher = new Publisher();
        var ed25519 = new PublicKey(new Oid("1.3.101.112"), null, new AsnEncodedData(key.VerificationKey.ToArray()));
        publisher.Chain = [publisher.Certify(new CertificateRequest(new X500DistinguishedName("CN=Publisher"), ed25519, HashAlgorithmName.SHA384)), publisher.Chain[1]];
        Envelope envelope = Algorithm(publisher.Envelope(Text), -8) with { Sign = data => key.Sign(data) };

        Assert.Equal("feed", VerifiedFragment.Verify(envelope.Encode(), Publisher.Now).Feed);
        Refuse((envelope with { Sign = data => key.Sign([.. data, 0]) }).Encode());
    }

    private static Envelope Algorithm(Envelope envelope, long algorithm) => Without(With(envelope, (1, writer => writer.WriteInt64(algorithm))), 0);

    private static Envelope With(Envelope envelope, (object Label, Action<CborWriter> Value) entry) => envelope with { Protected = [.. envelope.Protected, entry] };

    private static Envelope Without(Envelope envelope, int index) => envelope with { Protected = [.. envelope.Protected.Where((_, i) => i != index)] };

    private static Action<CborWriter> Claims(params (object Label, Action<CborWriter> Value)[] claims) => writer => Orchestrator.Tests.Envelope.WriteMap(writer, claims);

    private static void WriteReceipts(CborWriter writer, int count)
    {
        writer.WriteStartArray(count);
        for (int i = 0; i < count; i++)
        {
            writer.WriteByteString([1]);
        }

        writer.WriteEndArray();
    }

    [Theory]
    [InlineData("policy-syntax", "package policy\nsvn := \"1\"\nframework_version := \"0.5.0\"")]
    [InlineData("policy-syntax", "package framework\nsvn := \"1\"\nframework_version := \"0.5.0\"")]
    [InlineData("policy-syntax", "# A comment.\npackage mine\nsvn := \"1\"\nframework_version := \"0.5.0\"")]
    [InlineData("policy-syntax", "package mine.own\nsvn := \"1\"\nframework_version := \"0.5.0\"")]
    [InlineData("policy-syntax", "package  mine\nsvn := \"1\"\nframework_version := \"0.5.0\"")]
    [InlineData("policy-value", "package mine\nframework_version := \"0.5.0\"")]
    [InlineData("policy-value", "package mine\nsvn := 1\nframework_version := \"0.5.0\"")]
    [InlineData("policy-value", "package mine\nsvn := \"-1\"\nframework_version := \"0.5.0\"")]
    [InlineData("policy-version", "package mine\nsvn := \"1\"")]
    [InlineData("policy-version", "package mine\nsvn := \"1\"\nframework_version := \"0.6.0\"")]
    [InlineData("policy-unsupported", "package mine\nsvn := \"1\"\nframework_version := \"0.5.0\"\nallow_dump_stacks := true")]
    [InlineData("policy-unsupported", "package mine\nsvn := \"1\"\nframework_version := \"0.5.0\"\nmount_device := {\"allowed\": true}")]
    [InlineData("policy-unsupported", "package mine\nsvn := \"1\"\nframework_version := \"0.4.1\"\nplatform_rules := []")]
    public void A_text_that_is_no_fragment_is_refused(string code, string text)
    {
        var refusal = Assert.Throws<OrchestratorException>(() => FragmentModule.Parse(Encoding.UTF8.GetBytes(text)));

        Assert.Equal(code, refusal.Code.Id);
    }

    private static void Refuse(byte[] message, DateTimeOffset? time = null)
    {
        var refusal = Assert.Throws<OrchestratorException>(() => VerifiedFragment.Verify(message, time ?? Publisher.Now));

        Assert.Equal("fragment-invalid", refusal.Code.Id);
    }
}
