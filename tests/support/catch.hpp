// Catch2, taught to print result<T> whatever T is.
#pragma once

#include <boost/system/result.hpp>
#include <catch2/catch.hpp>
#include <string>

namespace Catch {

template <class T>
struct StringMaker<boost::system::result<T>> {
    static std::string convert(const boost::system::result<T>& value) {
        return value ? "a value" : value.error().message();
    }
};

}  // namespace Catch
