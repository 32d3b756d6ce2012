//! What a resource is, by the name of its type.

use firebreak_core::finding::ResourceKind;

/// What types of the pattern cloud before thing (`AwsEc2Instance`, `AzureComputeVm`, as Orca, Prowler
/// and AWS Security Hub write them), bare things (`vm`) and categories (`Users and Access`) mean to
/// containment. `Other` for those known to be none of ours, `None` for words never seen. The list is
/// of those that occur in public integrations.
pub(crate) fn kind_of(word: &str) -> Option<ResourceKind> {
    use ResourceKind as K;
    let plain: String = word
        .chars()
        .take(80)
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let thing = ["aws", "azure", "gcp", "alicloud", "oci"]
        .iter()
        .find_map(|cloud| plain.strip_prefix(cloud))
        .filter(|thing| !thing.is_empty())
        .unwrap_or(&plain);
    Some(match thing {
        "ec2instance"
        | "vm"
        | "instance"
        | "computevm"
        | "vminstance"
        | "virtualmachine"
        | "virtualinstances"
        | "computevirtualmachine" => K::Instance,
        "user" | "iamuser" | "users" | "aduser" => K::User,
        "iamaccesskey" | "accesskey" | "iamuseraccesskey" => K::AccessKey,
        "role" | "iamrole" | "serviceaccount" | "iamserviceaccount" | "adserviceprincipal"
        | "serviceprincipal" | "managedidentity" => K::Role,
        "s3bucket" | "bucket" | "storagebucket" | "storageaccount" | "blobcontainer" => K::Bucket,
        "container" | "containerimage" | "ecscontainer" | "pod" | "k8spod" | "ecrimage" => {
            K::Container
        }
        "lambdafunction" | "function" | "lambda" | "cloudfunction" | "functionapp" => K::Function,
        "rdsdbinstance" | "rdsinstance" | "rdsdbcluster" | "database" | "sqldatabase"
        | "dynamodbtable" | "sqlinstance" => K::Database,
        "ec2securitygroup"
        | "securitygroup"
        | "ec2subnet"
        | "ec2vpc"
        | "ec2elbv2"
        | "ec2elb"
        | "ec2vpcendpoint"
        | "vpc"
        | "network"
        | "networksecuritygroup"
        | "firewall"
        | "networkinterface"
        | "internetgateway" => K::Network,
        "account" | "cloudaccount" | "subscription" | "project" => K::Account,
        "other" | "ec2ebsvolume" | "volume" | "ec2ebssnapshot" | "cisource" | "coderepository"
        | "domain" | "kmskey" | "iampolicy" | "iamgroup" | "ekscluster" | "k8scluster"
        | "storage" | "datastorage" | "autoscalinggroup" | "cloudtrailtrail" => K::Other,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_under_many_names() {
        for word in
            ["AwsEc2Instance", "vm", "Virtual Instances", "AWS::EC2::Instance", "compute.vm"]
        {
            assert_eq!(kind_of(word), Some(ResourceKind::Instance), "{word}");
        }
        assert_eq!(kind_of("AwsIamUser"), Some(ResourceKind::User));
        assert_eq!(kind_of("AwsKmsKey"), Some(ResourceKind::Other));
        assert_eq!(kind_of("Aws"), None);
        assert_eq!(kind_of("AwsSomethingNew"), None);
    }
}
